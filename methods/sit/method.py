import torch
from torch import Tensor, nn

from prunarium.families import Shape, SoftMerging


class Slimming(nn.Module):
    """A small network that says how much each token weighs in each new one."""

    def __init__(self, dim: int, count: int) -> None:
        super().__init__()
        self.embed = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim // 2), nn.GELU())
        self.share = nn.Linear(dim // 2, count)
        self.scale = nn.Parameter(torch.tensor(10.0))  # sharp at first: a frozen model makes little of mean tokens

    def forward(self, x: Tensor, count: int) -> tuple[Tensor, Tensor]:
        logits = nn.functional.linear(self.embed(x), self.share.weight[:count], self.share.bias[:count])
        return (logits * self.scale).softmax(dim=1).transpose(1, 2), x


class SiT(SoftMerging):
    """Replace the tokens by sums of them, whose weights a small learned network gives.

    The token slimming module of Zong et al., Self-slimmed Vision Transformer, ECCV 2022 (arXiv 2111.12624),
    section 3.2, placed before a block as in Haurum et al., ICCV Workshops 2023 (arXiv 2308.04657).
    """

    def part(self, shape: Shape) -> Slimming:
        return Slimming(shape.dim, self.most(shape))
