from typing import ClassVar, Self

from prunarium.families import Attention, Family, Shape, TokenMethod
from prunarium.ops import Tokens


class Identity(TokenMethod):
    """Keep every token: the harness's own control, whose scores must equal the untouched model's."""

    families: ClassVar[tuple[Family, ...]] = ("vit", "vlm", "encoder", "decoder")

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        return tokens

    def acts_at(self, shape: Shape) -> tuple[int, ...]:
        return ()

    def knob(self, amount: float, shape: Shape) -> Self:
        return self
