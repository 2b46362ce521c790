from typing import ClassVar

from prunarium.families import Attention, PerBlockMethod
from prunarium.ops import Tokens, bipartite_soft_matching, sharpness_saliency


class VidTLDR(PerBlockMethod):
    """Merge the r most similar token pairs in every block, where a token counts only as far as it is salient.

    Choi et al., vid-TLDR: Training Free Token Merging for Light-weight Video Transformer, CVPR 2024
    (arXiv 2403.13347), section 3, on the tokens of one image. Salient is a token with sharp attention.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"logits"})

    @property
    def size_bias(self) -> bool:
        return True

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        matching = bipartite_soft_matching(tokens.x, self.lost(block), tokens.prefix)
        if matching.r == 0:
            return tokens
        return matching.merge(tokens, share=sharpness_saliency(attention.logits.softmax(dim=-1), tokens.prefix))
