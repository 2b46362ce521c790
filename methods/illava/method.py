from typing import Annotated, ClassVar, Self

from pydantic import Field

from prunarium.families import Attention, Shape, VlmMethod, at_depth, check_stages
from prunarium.ops import Tokens, in_order, merge_groups


class ILLaVA(VlmMethod):
    """Merge, before one layer, the image tokens that the last prompt token attended to least into the best of them.

    Hu et al., iLLaVA: An Image is Worth Fewer Than 1/3 Input Tokens in Large Multimodal Models, ICLR 2026
    (arXiv 2412.06263): the part in the language model. The code's ``llm_k`` is ``layer``, its ``r`` ``drop_rate``. As
    in the code, the token attended to least weighs most in the merged one.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"last_attention"})
    layer: Annotated[int, Field(ge=1, strict=True)] | None = Field(
        None, description="layer before which tokens are merged, counted from 0; default: at 8 of 28"
    )
    drop_rate: Annotated[float, Field(ge=0, lt=1, strict=True)] = Field(
        0.7, description="share of the image tokens that merging loses"
    )

    def acts_at(self, shape: Shape) -> tuple[int]:
        layer = self.layer or max(1, *at_depth((8,), 28, shape.depth))
        check_stages([layer], shape.depth)
        return (layer,)

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        kept = max(1, round(tokens.count * (1 - self.drop_rate)))
        if kept == tokens.count:
            return tokens
        order = attention.last_attention.mean(dim=1).argsort(dim=1, descending=True, stable=True)
        rank, best = order.argsort(dim=1), order[:, :kept]
        # the last of the best takes the place of all that follow
        group = best.argsort(dim=1).argsort(dim=1).gather(1, rank.clamp(max=kept - 1))
        # at most 1, as the sum of hundreds must fit half precision
        linear = (rank - kept + 2).to(tokens.x.dtype) / (tokens.count - kept + 1)
        weight = linear.where(rank >= kept - 1, 1)
        return merge_groups(tokens, group, kept, weight=weight, seat=in_order(best))

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"drop_rate": 1 - amount})
