from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field
from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families import Attention, PerBlockMethod, Shape, check_stages
from prunarium.ops import Tokens, merge_attention, merge_groups, sides, two_way_matching

Temperature = Annotated[float, Field(gt=0)]


class MCTF(PerBlockMethod):
    """Fuse tokens that are alike, that get little attention and that stand for few; let the block reuse its attention.

    Lee et al., Multi-criteria Token Fusion with One-step-ahead Attention for Efficient Vision Transformers, CVPR 2024
    (arXiv 2403.10030), section 3.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"next_attention"})
    place: ClassVar[Literal["before"]] = "before"
    first_block: Annotated[int, Field(ge=0, strict=True)] = Field(
        1, description="first block before which tokens are fused, counted from 0"
    )
    similarity_temperature: Temperature = Field(1.0, description="the higher, the less it matters how alike two are")
    information_temperature: Temperature = Field(
        20.0, description="the higher, the less it matters how little attention two get"
    )
    size_temperature: Temperature = Field(40.0, description="the higher, the less it matters how few two stand for")
    at_least: Annotated[int, Field(ge=1, strict=True)] = Field(
        10, description="tokens that always stay, prefix included"
    )

    @property
    def size_bias(self) -> bool:
        return True

    def schedule(self, shape: Shape) -> list[int]:
        check_stages([self.first_block], shape.depth)
        r = super().schedule(shape)
        if isinstance(self.r, list) and any(r[: self.first_block]):
            raise PrunariumError(f"r has tokens to lose before block {self.first_block}: write 0 there, or lower it")
        return [0] * self.first_block + r[self.first_block :]

    def knob(self, amount: float, shape: Shape) -> Self:
        """A constant r; below one half the blocks before the first one join in, more and more."""
        turned = super().knob(amount, shape)
        assert isinstance(turned.r, list)
        join = max(0.0, 1 - 2 * amount)
        r = [int(r * join) if block < self.first_block else r for block, r in enumerate(turned.r)]
        return turned.model_copy(update={"r": r, "first_block": 0 if join else self.first_block})

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        r = min(self.lost(block), tokens.reducible // 2, tokens.count - self.at_least)
        if r <= 0:
            return tokens
        prefix, matrix = tokens.prefix, attention.next_attention
        received = matrix.mean(dim=(1, 2))
        score = self._attraction(tokens, received.detach())
        group, seat = two_way_matching(score, r, prefix)
        weight = (received if tokens.size is None else received * tokens.size)[:, prefix:]
        fused = merge_groups(tokens, group, seat.shape[1], weight, seat)
        return replace(fused, attention=merge_attention(matrix, group, seat.shape[1], prefix, weight))

    def _attraction(self, tokens: Tokens, received: Tensor) -> Tensor:
        """Equations 4 to 7 for each pair of a source and a destination ``[batch, sources, destinations]``."""
        first, second = sides(tokens.prefix)
        metric = nn.functional.normalize(tokens.x.detach(), dim=-1)
        likeness = (metric[:, first::2] @ metric[:, second::2].transpose(1, 2) + 1).clamp(min=0) / 2
        if self.similarity_temperature != 1:
            likeness = likeness ** (1 / self.similarity_temperature)
        ease = received ** (-1 / self.information_temperature)
        if tokens.size is not None:
            ease = ease * tokens.size.detach() ** (-1 / self.size_temperature)
        return likeness * ease[:, first::2, None] * ease[:, None, second::2]
