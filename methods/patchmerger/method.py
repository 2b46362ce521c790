import torch
from torch import Tensor, nn

from prunarium.families import Shape, SoftMerging


class Queries(nn.Module):
    """Learned queries, and the softmax over the tokens of how well each of these answers them."""

    def __init__(self, dim: int, count: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        # logits of size 4: sharp at first, as a frozen model makes little of mean tokens
        self.queries = nn.Parameter(torch.randn(count, dim) * 4 * dim**-0.5)

    def forward(self, x: Tensor, count: int) -> tuple[Tensor, Tensor]:
        x = self.norm(x)
        return (self.queries[:count] @ x.transpose(1, 2)).softmax(dim=-1), x


class PatchMerger(SoftMerging):
    """Replace the tokens by what learned queries gather from them, with attention.

    Renggli et al., Learning to Merge Tokens in Vision Transformers, 2022 (arXiv 2202.12015), section 3.
    """

    def part(self, shape: Shape) -> Queries:
        return Queries(shape.dim, self.most(shape))
