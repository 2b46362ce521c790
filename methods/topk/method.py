from typing import ClassVar

from prunarium.families import Attention, CumulativeMethod, VitMethod
from prunarium.ops import Tokens, top


class TopK(CumulativeMethod, VitMethod):
    """Keep the tokens that the cls token attends to most, best first, and drop the others.

    The Top-K baseline of Haurum et al., Which Tokens to Use? Investigating Token Reduction in Vision Transformers,
    ICCV Workshops 2023 (arXiv 2308.04657), section 3.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"cls_attention"})

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        kept = self.kept(tokens, block)
        if kept == tokens.reducible:
            return tokens
        return tokens.keep(top(attention.cls_attention.mean(dim=1)[:, tokens.prefix :], kept))
