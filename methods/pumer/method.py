from typing import Annotated, ClassVar, Self

from pydantic import Field

from prunarium.families import Attention, Block, Shape, VlmMethod, after_first, at_depth, check_stages, turned
from prunarium.ops import Tokens, bipartite_soft_matching, in_order, top

Rate = Annotated[float, Field(ge=0, lt=1, strict=True)]


class PuMer(VlmMethod):
    """Before a few layers drop the image tokens that the text attends to least, then merge similar ones.

    Cao et al., PuMer: Pruning and Merging Tokens for Efficient Vision Language Models, ACL 2023 (arXiv 2305.17530),
    text-informed pruning and modality-aware merging, here of the image alone.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"text_attention"})
    layers: Annotated[tuple[Block, ...], Field(min_length=1)] | None = Field(
        None,
        description="layers before which tokens are reduced, counted from 0; default: as 2, 5 and 8 of 12",
    )
    prune_rate: Rate = Field(0.1, description="share of the image tokens dropped before each of the layers")
    merge_rate: Annotated[float, Field(ge=0, le=0.5, strict=True)] = Field(
        0.3, description="share of the tokens left that then merge into others"
    )

    def acts_at(self, shape: Shape) -> tuple[int, ...]:
        default = sorted({max(1, layer) for layer in at_depth((2, 5, 8), 12, shape.depth)})
        layers = tuple(default) if self.layers is None else self.layers
        check_stages(layers, shape.depth)
        return tuple(after_first(layers, asked_for=True))

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        dropped = min(round(tokens.count * self.prune_rate), tokens.count - 1)
        if dropped:
            score = attention.text_attention.mean(dim=1).sum(dim=1)
            tokens = tokens.keep(in_order(top(score, tokens.count - dropped)))
        merged = round(tokens.count * self.merge_rate)
        if not merged:
            return tokens
        return bipartite_soft_matching(tokens.x, merged).merge(tokens, in_place=True, alike=True)

    def knob(self, amount: float, shape: Shape) -> Self:
        pruned = min(1 - turned(1 - self.prune_rate, amount), 1 - 1e-6)
        merged = min(1 - turned(1 - self.merge_rate, amount), 0.5)
        return self.model_copy(update={"prune_rate": pruned, "merge_rate": merged})
