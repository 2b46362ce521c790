from typing import ClassVar

from pydantic import Field

from prunarium.families import Attention, PerBlockMethod
from prunarium.ops import Tokens, bipartite_soft_matching


class ToMe(PerBlockMethod):
    """Merge the r most similar token pairs in every block.

    Bolya et al., Token Merging: Your ViT But Faster, ICLR 2023 (arXiv 2210.09461), section 3.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"keys"})
    proportional_attention: bool = Field(True, description="count a merged token as often as the tokens it stands for")

    @property
    def size_bias(self) -> bool:
        return self.proportional_attention

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        return bipartite_soft_matching(attention.keys.mean(dim=1), self.lost(block), tokens.prefix).merge(tokens)
