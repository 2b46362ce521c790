from typing import ClassVar

from pydantic import Field

from prunarium.families import Attention, StagedMethod, VitMethod
from prunarium.ops import Tokens, top, weight_of_rest


class EViT(StagedMethod, VitMethod):
    """Keep the tokens that the cls token attends to most and fuse the others into one.

    Liang et al., Not All Patches are What You Need: Expediting Vision Transformers via Token Reorganizations,
    ICLR 2022 (arXiv 2202.07800), sections 3.2 and 3.3.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"cls_attention"})
    fuse: bool = Field(True, description="fuse the dropped tokens, weighted by cls attention, into one more token")

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        kept = self.kept(tokens, block)
        if kept == tokens.reducible:
            return tokens
        score = attention.cls_attention.mean(dim=1)[:, tokens.prefix :]
        index = top(score, kept)
        if not self.fuse:
            return tokens.keep(index)
        weight = weight_of_rest(score, index)
        return tokens.keep(index, fused=weight.unsqueeze(1) @ tokens.x[:, tokens.prefix :])
