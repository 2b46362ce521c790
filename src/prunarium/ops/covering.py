"""Choosing tokens that cover all others."""

import torch
from torch import Tensor


def covering_order(x: Tensor, count: int, there: Tensor | None = None) -> Tensor:
    """The greedy k-centre order, begun at the first token: next is always the token farthest from all before it.

    Gonzalez, Theoretical Computer Science 38, 1985; Sener and Savarese, ICLR 2018, algorithm 1. Euclidean, in single
    precision at least.

    Args:
        x: ``[batch, tokens, dim]``.
        count: how many tokens to choose, the first among them.
        there: which tokens are real; the others are never chosen before the real ones ``[batch, tokens]``.

    Returns:
        for every token its place in the order, ``count`` for those not chosen ``[batch, tokens]``.
    """
    x = x.detach().to(torch.promote_types(x.dtype, torch.float32))
    place = torch.full(x.shape[:2], count, device=x.device)
    distance = torch.full(x.shape[:2], torch.inf, dtype=x.dtype, device=x.device)
    if there is not None:
        distance = distance.masked_fill(~there, -1)
    chosen = torch.zeros(len(x), 1, dtype=torch.long, device=x.device)
    for number in range(min(count, x.shape[1])):
        place.scatter_(1, chosen, number)
        centre = x.gather(1, chosen.unsqueeze(-1).expand(-1, -1, x.shape[-1]))
        distance = distance.minimum((x - centre).square().sum(dim=-1)).scatter(1, chosen, -2)
        chosen = distance.argmax(dim=1, keepdim=True)
    return place
