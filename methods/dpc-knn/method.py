from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import nn

from prunarium.families import Attention, LearnedStages, Shape, VitMethod
from prunarium.ops import Tokens, density_peaks, merge_groups


class DpcKnn(LearnedStages, VitMethod):
    """Cluster the tokens around density peaks and replace every cluster by its mean.

    The DPC-KNN baseline of Haurum et al., Which Tokens to Use? Investigating Token Reduction in Vision Transformers,
    ICCV Workshops 2023 (arXiv 2308.04657), section 3; the clustering as in Zeng et al., CVPR 2022 (arXiv 2204.08680).
    """

    place: ClassVar[Literal["before"]] = "before"
    neighbours: Annotated[int, Field(ge=2, strict=True)] = Field(
        5, description="nearest tokens that a token's density is of, itself among them"
    )
    learned_weight: bool = Field(
        False, description="weigh tokens by a learned score; without it all members of a cluster count alike"
    )

    def part(self, shape: Shape) -> nn.Module:
        return nn.Linear(shape.dim, 1) if self.learned_weight else nn.Identity()

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        kept, x = self.kept(tokens, block), tokens.x[:, tokens.prefix :]
        if kept == tokens.reducible:
            return tokens
        centres, cluster = density_peaks(x, kept, self.neighbours)
        weight = self.part_at(block)(x).squeeze(-1).exp() if self.learned_weight else torch.ones_like(x[..., 0])
        return merge_groups(tokens, cluster, kept, weight.to(x.dtype), seat=centres)
