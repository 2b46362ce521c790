"""Choosing entries of a key-value cache: by score, the first, the last, all but some before the last."""

import torch
from torch import Tensor

from prunarium.ops.entries import Entries


def highest(score: Tensor, count: int | Tensor, among: Tensor) -> Tensor:
    """Which entries are the ``count`` highest of some; of equal ones the earlier.

    Args:
        score: ``[batch, key heads or 1, entries]``; infinite for what stays in any case.
        count: of every sample and head, or of each ``[batch, key heads or 1]``; none where it is below 1.
        among: which take part ``[batch, key heads or 1, entries]``.

    Returns:
        boolean ``[batch, key heads or 1, entries]``.
    """
    count = _per_entry(count)
    over = among.sum(dim=-1, keepdim=True) - count
    score = torch.where(among, score, 0.0)
    score = score.clamp(torch.finfo(score.dtype).min, torch.finfo(score.dtype).max)  # infinite is what takes no part
    if bool((over <= 1).all()):  # as after every word: no need to sort
        return among & ~(_lowest(score, among) & (over == 1))
    order = score.masked_fill(~among, -torch.inf).argsort(dim=-1, descending=True, stable=True)
    place = torch.arange(order.shape[-1], device=order.device).expand_as(order)
    rank = torch.empty_like(order).scatter_(-1, order, place)
    return (rank < count) & among


def _lowest(score: Tensor, among: Tensor) -> Tensor:
    """Which entry is the lowest of some, of equal ones the last; shapes are those of ``highest``."""
    index = score.shape[-1] - 1 - score.masked_fill(~among, torch.inf).flip(-1).argmin(dim=-1, keepdim=True)
    return torch.zeros_like(score, dtype=torch.bool).scatter(-1, index, True)


def earliest(count: int | Tensor, among: Tensor) -> Tensor:
    """Which entries are the first ``count`` of some: the sinks. Shapes are those of ``highest``."""
    return (among.cumsum(dim=-1) <= _per_entry(count)) & among


def latest(count: int | Tensor, among: Tensor) -> Tensor:
    """Which entries are the last ``count`` of some: the recent window. Shapes are those of ``highest``."""
    behind = among.sum(dim=-1, keepdim=True) - among.cumsum(dim=-1)
    return (behind < _per_entry(count)) & among


def share_of(count: Tensor, share: float) -> Tensor:
    """A share of some counts, cut to whole numbers; the product is taken in double precision."""
    return (count.double() * share).long()


def down_to(entries: Entries, limit: Tensor, distance: int) -> Entries:
    """What is left when heads that hold more than their limit lose entries at a fixed distance from the end.

    Args:
        entries: the cache of one layer.
        limit: entries that each head may hold, not cut to whole numbers ``[batch, key heads]``.
        distance: the entry that goes is this one from the end, counted from 1, or the one in the middle where that is
            later; where several go, the others are those before it.
    """
    there, count = entries.visible, entries.lengths
    over = (count - limit + 1e-9).floor().clamp(min=0)
    if not bool(over.any()):
        return entries
    behind = count.unsqueeze(-1) - there.cumsum(dim=-1)
    last = (count - 1 - count // 2).clamp(max=distance - 1).unsqueeze(-1)
    return entries.only(there & ((behind < last) | (behind >= last + over.unsqueeze(-1))))


def _per_entry(count: int | Tensor) -> int | Tensor:
    return count.unsqueeze(-1) if isinstance(count, Tensor) else count
