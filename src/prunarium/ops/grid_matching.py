"""Matching of tokens on a grid, with destinations spread evenly over it: for models that need every token back."""

import torch
from torch import Tensor

from prunarium.ops.absorbing import most_similar


def grid_destinations(height: int, width: int, cell: tuple[int, int] = (2, 2), choice: Tensor | None = None) -> Tensor:
    """One token of each cell of a grid whose tokens are numbered row by row; what fills no whole cell has none.

    Args:
        height: rows of the grid.
        width: columns of the grid.
        cell: rows and columns of a cell.
        choice: for each cell, row by row, which of its tokens, row by row ``[cells]``; the first without it.

    Returns:
        their numbers, ascending ``[cells]``.
    """
    rows, columns = height // cell[0], width // cell[1]
    if choice is None:
        choice = torch.zeros(rows * columns, dtype=torch.long)
    number = torch.arange(rows * columns, device=choice.device)
    row = number // columns * cell[0] + choice // cell[1]
    column = number % columns * cell[1] + choice % cell[1]
    return (row * width + column).sort().values


def match_to(metric: Tensor, destinations: Tensor, r: int) -> tuple[Tensor, int]:
    """Groups in which the ``r`` tokens that are most similar to a destination have joined it.

    ``merge_groups`` merges them, and ``gather(merged, group)`` gives every token the features of its group again.
    Bolya and Hoffman, CVPR workshops 2023 (arXiv 2303.17604), section 4.

    Args:
        metric: what similarity is measured on ``[batch, tokens, dim]``.
        destinations: the tokens that others may join, of every sample the same ``[destinations]``.
        r: how many join, at most all others.

    Returns:
        for every token the number of its group ``[batch, tokens]``, and how many groups there are. First come the
        tokens that joined none, the most similar first, then the destinations in their order.
    """
    batch, count = metric.shape[:2]
    is_source = torch.ones(count, dtype=torch.bool, device=metric.device).index_fill(0, destinations, False)
    sources = is_source.nonzero().flatten()
    r = min(r, len(sources))
    best, into = most_similar(metric[:, sources], metric[:, destinations])
    order = best.argsort(dim=1, descending=True)
    left = len(sources) - r
    home = torch.arange(count - r, device=metric.device).expand(batch, -1)
    of_source = torch.empty_like(order).scatter(1, order[:, r:], home[:, :left])
    of_source = of_source.scatter(1, order[:, :r], left + into.gather(1, order[:, :r]))
    group = torch.empty((batch, count), dtype=torch.long, device=metric.device)
    group[:, sources], group[:, destinations] = of_source, home[:, left:]
    return group, count - r
