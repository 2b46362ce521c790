"""Methods that reduce an image once, before the language model, to a share of its tokens."""

from typing import Annotated, Self

from pydantic import Field

from prunarium.families.base import Shape
from prunarium.families.vlm.method import VlmMethod


class KeptShareMethod(VlmMethod):
    """A method that keeps a share of the tokens of each tile or image."""

    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(0.5, description="share of image tokens left")

    def kept(self, count: int) -> int:
        """How many of so many tokens are left: as much of the share as whole tokens allow, one at least."""
        return max(1, int(count * self.keep_rate))

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"keep_rate": max(amount, 1e-6)})
