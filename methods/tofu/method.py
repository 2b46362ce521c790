from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field

from prunarium.families import Attention, PerBlockMethod, Shape, check_stages
from prunarium.ops import Tokens, bipartite_soft_matching, with_largest_norm


class ToFu(PerBlockMethod):
    """Drop the most similar tokens in the early blocks, merge them in the late ones.

    Kim et al., Token Fusion: Bridging the Gap between Token Pruning and Token Merging, WACV 2024 (arXiv 2312.01026).
    """

    needs: ClassVar[frozenset[str]] = frozenset({"keys"})
    pruning_blocks: Annotated[int, Field(ge=0, strict=True)] | None = Field(
        None, description="first blocks, which drop; the later ones merge; default: the first half"
    )
    merge: Literal["mlerp", "average"] = Field(
        "mlerp", description="mlerp: a merged token gets the length of its longest member; average: that of the mean"
    )
    proportional_attention: bool = Field(True, description="count a merged token as often as the tokens it stands for")

    @property
    def size_bias(self) -> bool:
        return self.proportional_attention

    def fit(self, shape: Shape) -> Self:
        first = shape.depth // 2 if self.pruning_blocks is None else self.pruning_blocks
        check_stages(range(first), shape.depth)
        return super().fit(shape).model_copy(update={"pruning_blocks": first})

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        assert self.pruning_blocks is not None, "fit to a model first"
        matching = bipartite_soft_matching(attention.keys.mean(dim=1), self.lost(block), tokens.prefix)
        if block < self.pruning_blocks:
            return matching.drop(tokens)
        merged = matching.merge(tokens)
        return merged if self.merge == "average" or matching.r == 0 else with_largest_norm(merged, tokens)
