"""Merging evicted keys and values into those that are kept."""

import math

import torch
from torch import Tensor, nn

from prunarium.ops.entries import Entries, packed


def nearest_key(keys: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
    """For every entry the kept one whose key is most like its own (cosine), in the same head.

    Args:
        keys: ``[batch, key heads, entries, head dim]``.
        kept: which are kept ``[batch, key heads, entries]``.

    Returns:
        the similarity and the number of the kept entry, each ``[batch, key heads, entries]``.
    """
    index, meant = packed(kept)
    unit = nn.functional.normalize(keys, dim=-1)
    hosts = unit.gather(2, index.unsqueeze(-1).expand(-1, -1, -1, keys.shape[-1]))
    alike = (unit @ hosts.transpose(2, 3)).masked_fill(~meant.unsqueeze(2), -torch.inf)
    best = alike.max(dim=-1)
    return best.values, index.gather(2, best.indices)


def nearest_place(kept: Tensor) -> Tensor:
    """For every entry the kept one that is nearest in the sequence, the earlier of two as near.

    Args:
        kept: which are kept, one at least ``[batch, key heads, entries]``.

    Returns:
        the number of the kept entry ``[batch, key heads, entries]``.
    """
    count = kept.shape[-1]
    number = torch.arange(count, device=kept.device).expand_as(kept)
    far = 2 * count
    before = number.where(kept, -far).cummax(dim=-1).values
    behind = number.where(kept, far).flip(-1).cummin(dim=-1).values.flip(-1)
    return before.where(number - before <= behind - number, behind)


def merge_evicted(
    entries: Entries,
    kept: Tensor,
    host: Tensor,
    joins: Tensor | None = None,
    share: Tensor | None = None,
    pivot: float = 0.0,
) -> Entries:
    """What is kept of a cache, each entry the mean of itself and of what the evicted ones bring that go into it.

    An evicted entry brings ``(1 - pivot) * share`` of its key and value and ``pivot`` of its host's.

    Args:
        entries: all of them.
        kept: which are kept ``[batch, key heads, entries]``.
        host: for every evicted one, the number of the kept one that it goes into ``[batch, key heads, entries]``.
        joins: which of those evicted go into their hosts, the others are lost; all without it.
        share: how much of each counts ``[batch, key heads, entries]``; all of it without one.
        pivot: how much of the mean of an evicted entry and its host is the host.
    """
    goes = _going(entries, kept, joins)
    wide = torch.promote_types(entries.keys.dtype, torch.float32)
    lent = goes.to(wide) if share is None else goes * share.to(wide)
    guests = torch.zeros_like(lent).scatter_add(2, host, goes.to(wide)).unsqueeze(-1)

    def merged(x: Tensor) -> Tensor:
        brought = x.to(wide) * (lent * (1 - pivot)).unsqueeze(-1)
        total = (x * (1 + pivot * guests)).scatter_add(2, host.unsqueeze(-1).expand_as(x), brought)
        return (total / (1 + guests)).to(x.dtype)

    return entries.with_contents(merged(entries.keys), merged(entries.values)).only(kept)


def blend_evicted(entries: Entries, kept: Tensor, host: Tensor, alike: Tensor, joins: Tensor | None = None) -> Entries:
    """What is kept of a cache, each entry the mean of itself and of the evicted ones that go into it, weighted by the
    exponential of how much they are like it; it is wholly like itself.

    Wan et al., ICLR 2025 (arXiv 2406.13035), section 3.3. Arguments are those of ``merge_evicted``, and

        alike: every entry's similarity to its host ``[batch, key heads, entries]``.
    """
    goes = _going(entries, kept, joins)
    weight = alike.to(torch.promote_types(entries.keys.dtype, torch.float32)).exp().where(goes, 0.0)
    own = math.e
    total = (own + torch.zeros_like(weight).scatter_add(2, host, weight)).unsqueeze(-1)

    def merged(x: Tensor) -> Tensor:
        brought = x.to(weight) * weight.unsqueeze(-1)
        return ((x * own).to(weight).scatter_add(2, host.unsqueeze(-1).expand_as(x), brought) / total).to(x.dtype)

    return entries.with_contents(merged(entries.keys), merged(entries.values)).only(kept)


def _going(entries: Entries, kept: Tensor, joins: Tensor | None) -> Tensor:
    """Which of the entries go into their hosts."""
    evicted = entries.visible & ~kept
    return evicted if joins is None else evicted & joins
