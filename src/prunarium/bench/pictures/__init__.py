"""Pictures of what methods do to tokens, and of what that costs."""
