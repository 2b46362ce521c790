"""Blocks of a transformer with a method in them: what the families ``vit`` and ``encoder`` share."""
