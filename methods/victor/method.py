from typing import Annotated, ClassVar, Self

from pydantic import Field
from torch import Tensor

from prunarium.families import Attention, RegisterMethod, Shape, at_depth, check_stages
from prunarium.ops import Tokens


class Victor(RegisterMethod):
    """Put learned registers behind each image; after a few layers of the language model the image leaves, they stay.

    Wen et al., Efficient Vision-Language Models by Summarizing Visual Tokens into Compact Registers, 2024
    (arXiv 2410.14072), where the method is described.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"added"})
    layer: Annotated[int, Field(ge=1, strict=True)] | None = Field(
        None, description="layer before which the image leaves, counted from 0; default: as 3 of 32"
    )

    def acts_at(self, shape: Shape) -> tuple[int, ...]:
        if not self.number:
            return ()
        check_stages([self._leaves_before(shape)], shape.depth)
        return (self._leaves_before(shape),)

    def _leaves_before(self, shape: Shape) -> int:
        return self.layer or max(1, *at_depth([3], 32, shape.depth))

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        added: Tensor = attention.added
        return tokens.keep(added.nonzero()[:, 1].view(len(added), -1))

    def knob(self, amount: float, shape: Shape) -> Self:
        """As many registers as fill up what the layers that see the image leave of the budget."""
        left = 1 - self._leaves_before(shape) / shape.depth
        number = 0 if amount == 1 else max(1, int(amount * left * self.most(shape)))
        return self.model_copy(update={"number": number})
