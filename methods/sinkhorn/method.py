from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from prunarium.families import Shape, SoftMerging
from prunarium.ops import sinkhorn


class Centres(nn.Module):
    """Learned cluster centres, to which optimal transport assigns the tokens, both of unit length."""

    def __init__(self, dim: int, count: int, temperature: float, rounds: int) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(count, dim))
        self.temperature, self.rounds = temperature, rounds

    def forward(self, x: Tensor, count: int) -> tuple[Tensor, Tensor]:
        x, centres = (nn.functional.normalize(part, dim=-1) for part in (x, self.centres[:count]))
        return sinkhorn(centres @ x.transpose(1, 2) / self.temperature, self.rounds), x


class Sinkhorn(SoftMerging):
    """Replace the tokens by clusters of them around learned centres, assigned softly by optimal transport.

    The Sinkhorn baseline of Haurum et al., Which Tokens to Use? Investigating Token Reduction in Vision Transformers,
    ICCV Workshops 2023 (arXiv 2308.04657), section 3.
    """

    temperature: Annotated[float, Field(gt=0)] = Field(
        0.02, description="entropy of the assignment: the lower, the harder (the paper's epsilon)"
    )
    rounds: Annotated[int, Field(ge=1, strict=True)] = Field(5, description="rounds of Sinkhorn's iteration")

    def part(self, shape: Shape) -> Centres:
        return Centres(shape.dim, self.most(shape), self.temperature, self.rounds)
