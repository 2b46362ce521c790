"""Bipartite matching in both directions: first sources into destinations, then destinations into sources."""

import torch
from torch import Tensor

from prunarium.ops.matching import sides


def two_way_matching(score: Tensor, r: int, prefix: int = 0) -> tuple[Tensor, Tensor]:
    """Groups that lose ``r`` tokens: half of them sources, which go into destinations, half the other way.

    The second half may take with them what went into them in the first. Lee et al., CVPR 2024 (arXiv 2403.10030),
    section 3.2.

    Args:
        score: how well each pair of a source and a destination goes together ``[batch, sources, destinations]``; they
            alternate after the prefix as ``sides`` says.
        r: how many tokens to lose, at most half of them.
        prefix: leading tokens that take no part.

    Returns:
        for every token after the prefix the number of its group ``[batch, tokens]``, and for every group the token
        whose place it takes ``[batch, tokens - r]``: the sources left, in their order, then the destinations left, by
        falling score.
    """
    batch, sources, destinations = score.shape
    first, second = (side - prefix for side in sides(prefix))
    there = r // 2
    best, into = score.max(dim=2)
    order = best.argsort(dim=1, descending=True)
    gone, left = order[:, :there], order[:, there:].sort(dim=1).values
    home = torch.arange(sources + destinations, device=score.device).expand(batch, -1)
    of_source = torch.empty((batch, sources), dtype=torch.long, device=score.device)
    of_source = of_source.scatter(1, left, home[:, : sources - there])

    away = torch.zeros((batch, sources), dtype=torch.bool, device=score.device).scatter(1, gone, True)
    best, back_into = score.masked_fill(away.unsqueeze(2), -torch.inf).max(dim=1)
    order = best.argsort(dim=1, descending=True)
    gone_back, left_back = order[:, : r - there], order[:, r - there :]
    of_destination = torch.empty((batch, destinations), dtype=torch.long, device=score.device)
    of_destination = of_destination.scatter(1, left_back, home[:, sources - there : sources + destinations - r])
    of_destination = of_destination.scatter(1, gone_back, of_source.gather(1, back_into.gather(1, gone_back)))
    of_source = of_source.scatter(1, gone, of_destination.gather(1, into.gather(1, gone)))

    group = torch.empty((batch, sources + destinations), dtype=torch.long, device=score.device)
    group[:, first::2], group[:, second::2] = of_source, of_destination
    return group, torch.cat([first + 2 * left, second + 2 * left_back], dim=1)
