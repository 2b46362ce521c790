"""Methods that lose a number of tokens in every block."""

from collections.abc import Collection
from typing import Annotated, Self

from pydantic import Field

from prunarium.errors import PrunariumError
from prunarium.families.base import Shape
from prunarium.families.vit import VitMethod

Count = Annotated[int, Field(ge=0, strict=True)]
Inflected = tuple[Count, Annotated[float, Field(ge=-1, le=1)]]
PerBlock = Count | Annotated[list[Count], Field(min_length=1)] | Inflected
"""Tokens for each block: one number for all, a list with one for each, or a mean with an inflection."""


class PerBlockMethod(VitMethod):
    """A method that loses ``r`` tokens in every block."""

    r: PerBlock = Field(
        8,
        description="tokens lost in each block, at most half of them: a number; a list, one number per block; or (r, "
        "inflection), linear over the blocks with mean r, from 2r to 0 at inflection -1 (write 1.0, not 1, as the "
        "inflection: [8, 1] is a list)",
    )

    def schedule(self, shape: Shape) -> list[int]:
        """Tokens to lose in each block; with an inflection as in appendix D of ToMe (arXiv 2210.09461).

        Raises:
            PrunariumError: a list is longer than the model is deep.
        """
        depth = shape.depth
        if isinstance(self.r, int):
            return [self.r] * depth
        if isinstance(self.r, tuple):
            mean, inflection = self.r
            low = int(mean * (1 - inflection))
            high = 2 * mean - low
            return [int(low + (high - low) * block / max(depth - 1, 1)) for block in range(depth)]
        if len(self.r) > depth:
            raise PrunariumError(f"r lists {len(self.r)} blocks, the model has {depth}")
        return self.r + [0] * (depth - len(self.r))

    def lost(self, block: int) -> int:
        """Tokens to lose in one block."""
        assert isinstance(self.r, list), "fit to a model first"
        return self.r[block]

    def fit(self, shape: Shape) -> Self:
        return self.model_copy(update={"r": self.schedule(shape)})

    def acts_at(self, shape: Shape) -> Collection[int]:
        return [block for block, r in enumerate(self.schedule(shape)) if r]

    def knob(self, amount: float, shape: Shape) -> Self:
        """A constant r, its fraction spread evenly over the blocks."""
        assert shape.tokens is not None
        r = (1 - amount) * shape.tokens / 2
        return self.model_copy(update={"r": [int((i + 1) * r) - int(i * r) for i in range(shape.depth)]})
