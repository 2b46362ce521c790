from typing import ClassVar

import torch
from pydantic import Field

from prunarium.families import Attention, CumulativeMethod, VitMethod
from prunarium.ops import Linkage, Tokens, agglomerate, merge_groups


class ATC(CumulativeMethod, VitMethod):
    """Merge the most similar tokens bottom up, one pair of clusters after the other.

    Haurum et al., Agglomerative Token Clustering, ECCV 2024 (arXiv 2409.11923), section 3.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"keys"})
    linkage: Linkage = Field(
        "average",
        description="distance of two clusters: 'average', 'complete' (largest) or 'single' (smallest) of pairs",
    )
    proportional_attention: bool = Field(
        True, description="count a merged token as often as the tokens it stands for, in attention and in later means"
    )

    @property
    def size_bias(self) -> bool:
        return self.proportional_attention

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        kept = self.kept(tokens, block)
        if kept == tokens.reducible:
            return tokens
        cluster = agglomerate(attention.keys.mean(dim=1)[:, tokens.prefix :], kept, self.linkage)
        alike = None if self.proportional_attention else torch.ones_like(tokens.x[:, tokens.prefix :, 0])
        return merge_groups(tokens, cluster, kept, alike)
