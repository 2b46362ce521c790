from typing import Annotated, ClassVar, Self

from pydantic import Field

from prunarium.families import Shape, Tower, VlmMethod
from prunarium.ops import Tokens, in_order, top


class FasterVLM(VlmMethod):
    """Keep the patches that the vision tower's cls token attends to most, before the language model sees any.

    Zhang et al., [CLS] Attention is All You Need for Training-Free Visual Token Pruning: Make VLM Inference Faster
    (arXiv 2412.01818, version 1); the ICCV 2025 paper describes its successor VisPruner.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"cls_attention"})
    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.25, description="share of the patches of each tile that is kept; the paper's reduction ratio is 1 less this"
    )

    def encode(self, tokens: Tokens, tower: Tower) -> Tokens:
        kept = max(1, round(tokens.count * self.keep_rate))
        if kept == tokens.count:
            return tokens
        return tokens.keep(in_order(top(tower.cls_attention().mean(dim=1), kept)))

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"keep_rate": max(amount, 1e-6)})
