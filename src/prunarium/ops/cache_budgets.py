"""How many cached entries each layer keeps."""

import torch
from torch import Tensor


def in_proportion(weight: Tensor, mean: float, least: float = 0.01, most: float = 1.0) -> Tensor:
    """The share of its entries that each layer keeps, in proportion to its weight.

    Tu et al., ICLR 2025 (arXiv 2410.23317), algorithm 1. What the bounds cut off is not handed to other layers.

    Args:
        weight: such as the density of its attention ``[layers, batch]``.
        mean: over all layers, before the bounds.
        least: lower bound.
        most: upper bound.

    Returns:
        ``[layers, batch]``.
    """
    return (weight / weight.sum(dim=0) * mean * len(weight)).clamp(least, most)


def shared_out(weight: Tensor, total: Tensor, least: Tensor, most: Tensor) -> Tensor:
    """A total shared out among layers in proportion to their weights, in whole numbers; what the bounds cut off
    or add, the other layers get or give.

    Args:
        weight: positive ``[layers, batch]``.
        total: of all layers, within what their bounds allow ``[batch]``.
        least: lower bound of each ``[batch]``.
        most: upper bound of each ``[batch]``.

    Returns:
        ``[layers, batch]``.
    """
    weight = weight.double()
    low, high = torch.zeros_like(weight[0]), most / weight.amin(dim=0)
    for _ in range(64):  # bisection, down to the precision of the numbers
        middle = (low + high) / 2
        fits = _within(weight * middle, least, most).sum(dim=0) <= total
        low, high = middle.where(fits, low), high.where(fits, middle)
    exact = _within(weight * low, least, most)
    whole = exact.floor()
    missing = (exact - whole).masked_fill(whole >= most, -1)
    rank = missing.argsort(dim=0, descending=True, stable=True).argsort(dim=0)
    return (whole + ((rank < total - whole.sum(dim=0)) & (whole < most))).long()


def _within(amount: Tensor, least: Tensor, most: Tensor) -> Tensor:
    return amount.maximum(least.to(amount)).minimum(most.to(amount))


def equal_prefixes(importance: Tensor, total: Tensor, among: Tensor) -> Tensor:
    """How many entries each layer keeps, so that what they keep of their importance is as equal as can be.

    Every layer takes its most important entries until these hold a share p of its importance, one p for all layers,
    the largest that does not exceed the total. Wang et al., NeurIPS 2025 (arXiv 2412.03409), algorithm 1, bisects p;
    here the entries of all layers are sorted by the share that is reached before each of them, which is exact.

    Args:
        importance: not negative ``[layers, batch, entries]``.
        total: entries that all layers keep together ``[batch]``.
        among: which entries there are ``[batch, entries]``.

    Returns:
        ``[layers, batch]``.
    """
    falling = torch.where(among, importance.double(), -1).sort(dim=-1, descending=True).values
    there = falling >= 0
    reached = falling.clamp(min=0).cumsum(dim=-1)
    reached = reached / reached[..., -1:].clamp(min=torch.finfo(reached.dtype).tiny)
    before = torch.cat([torch.zeros_like(reached[..., :1]), reached[..., :-1]], dim=-1)
    layers, batch, entries = before.shape
    before = before.masked_fill(~there, torch.inf).transpose(1, 2).reshape(layers * entries, batch)
    rank = before.argsort(dim=0, stable=True).argsort(dim=0)
    return ((rank < total) & (before < torch.inf)).view(layers, entries, batch).sum(dim=1)
