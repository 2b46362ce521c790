from typing import Annotated, ClassVar, Self

from pydantic import Field

from prunarium.families import Attention, Shape, VlmMethod, check_stages
from prunarium.ops import Tokens, in_order, top


class FastV(VlmMethod):
    """Drop, before one layer, the image tokens that the last prompt token attended to least in the layer before.

    Chen et al., An Image is Worth 1/2 Tokens After Layer 2: Plug-and-Play Inference Acceleration for Large
    Vision-Language Models, ECCV 2024 (arXiv 2403.06764), section 4.1. The paper's K is ``layer``, its R ``drop_rate``.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"last_attention"})
    layer: Annotated[int, Field(ge=1, strict=True)] = Field(
        2, description="layer before which tokens are dropped, counted from 0"
    )
    drop_rate: Annotated[float, Field(ge=0, lt=1, strict=True)] = Field(
        0.5, description="share of the image tokens dropped"
    )

    def acts_at(self, shape: Shape) -> tuple[int]:
        check_stages([self.layer], shape.depth)
        return (self.layer,)

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        kept = round(tokens.reducible * (1 - self.drop_rate))
        if kept == tokens.reducible:
            return tokens
        score = attention.last_attention.mean(dim=1)
        return tokens.keep(in_order(top(score, kept)))

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"drop_rate": 1 - amount})
