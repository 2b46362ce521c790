"""Methods that keep so many tokens in each layer, of those that entered the model."""

from collections.abc import Collection, Sequence
from typing import Annotated, Self

from pydantic import Field
from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families.base import Shape
from prunarium.families.encoder.method import EncoderMethod
from prunarium.families.scaling import turned
from prunarium.ops import Tokens, less, portion

Count = Annotated[int, Field(ge=1, strict=True)]
Share = Annotated[float, Field(gt=0, le=1, strict=True)]
Retention = tuple[Count, ...] | tuple[Share, ...]
"""Tokens left in each layer, cls included: numbers, the same for texts of any length, or shares of a text's tokens."""
SHARE_LEFT = 0.8


class RetentionMethod(EncoderMethod):
    """A method with a schedule of how many tokens each layer leaves."""

    retention: Retention | None = Field(
        None,
        min_length=1,
        description="tokens left in each layer, cls included: numbers for texts of any length, or shares of a text's "
        "tokens (write 1.0, not 1); default: a schedule of the method's own",
    )

    def usual(self, depth: int) -> Sequence[float]:
        """Shares left in each layer when none are given: each layer loses a fifth of what reaches it."""
        return [SHARE_LEFT ** (layer + 1) for layer in range(depth)]

    def kept(self, tokens: Tokens, block: int) -> int | Tensor:
        """How many tokens a layer leaves besides the prefix, in every sample or in each ``[batch]``."""
        assert self.retention is not None, "fit to a model first"
        wanted = self.retention[block]
        return less(wanted if isinstance(wanted, int) else portion(tokens.entered, wanted), tokens.prefix)

    def fit(self, shape: Shape) -> Self:
        retention = self.retention or tuple(self.usual(shape.depth))
        if len(retention) != shape.depth:
            raise PrunariumError(f"retention lists {len(retention)} layers, the model has {shape.depth}; name each")
        return self.model_copy(update={"retention": retention})

    def acts_at(self, shape: Shape) -> Collection[int]:
        retention = self.retention or self.usual(shape.depth)
        return [layer for layer, left in enumerate(retention) if isinstance(left, int) or left < 1]

    def knob(self, amount: float, shape: Shape) -> Self:
        """All shares turned together; at one half they are as they come."""
        given = self.retention
        shares = given if given and isinstance(given[0], float) else self.usual(shape.depth)
        retention = tuple(max(turned(share, amount), 1e-6) for share in shares)
        return self.model_copy(update={"retention": retention})
