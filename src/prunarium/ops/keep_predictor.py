"""A small learned network that says which tokens to keep."""

import torch
from torch import Tensor, nn

from prunarium.ops.deciding import drawn
from prunarium.ops.thinning import thin
from prunarium.ops.tokens import Tokens


class KeepPredictor(nn.Module):
    """Scores every token by itself and by the mean of all.

    Rao et al., NeurIPS 2021 (arXiv 2106.02034), equations 2 to 5.

    Args:
        dim: width of a token.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.embed = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim), nn.GELU())
        self.judge = nn.Sequential(
            nn.Linear(dim, dim // 2), nn.GELU(), nn.Linear(dim // 2, dim // 4), nn.GELU(), nn.Linear(dim // 4, 2)
        )

    def forward(self, x: Tensor, there: Tensor | None = None) -> Tensor:
        """Log-probabilities of keeping and of dropping ``[batch, tokens, 2]``.

        Args:
            x: ``[batch, tokens, dim]``.
            there: which tokens count in the mean ``[batch, tokens]``; all without it.
        """
        own, shared = self.embed(x).chunk(2, dim=-1)
        if there is None:
            mean = shared.mean(dim=1, keepdim=True)
        else:
            weight = there.unsqueeze(-1)
            mean = (shared * weight).sum(dim=1, keepdim=True) / weight.sum(dim=1, keepdim=True).clamp(min=1)
        return self.judge(torch.cat([own, mean.expand_as(shared)], dim=-1)).log_softmax(dim=-1)

    def thin(self, tokens: Tokens) -> Tokens:
        """Mask the tokens that lots, drawn by these probabilities, are against: for training.

        The gradients of the decisions, which are estimates, stop here: a model trained along gets exact ones.
        """
        there = None if tokens.there is None else tokens.there[:, tokens.prefix :]
        return thin(tokens, drawn(self(tokens.x[:, tokens.prefix :].detach(), there)))
