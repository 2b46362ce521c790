from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from prunarium.families import SinkingHitterMethod
from prunarium.ops import Entries, blend_evicted, nearest_key, shared_out


class D2O(SinkingHitterMethod):
    """Keep the entries that have received most attention so far, more of them in layers that attend evenly, and merge
    an evicted one into the kept one whose key is most like its own where the two are more alike than usual.

    Wan et al., D2O: Dynamic Discriminative Operations for Efficient Long-Context Inference of Large Language Models,
    ICLR 2025 (arXiv 2406.13035), section 3: dynamic allocation over layers, compensation within each. The paper's beta
    is ``smoothing``.
    """

    adaptive: ClassVar[bool] = True  # how the layers share the budget; their sum is known
    smoothing: Annotated[float, Field(ge=0, le=1, strict=True)] = Field(
        0.5, description="how much of the threshold of likeness the last eviction makes up; the rest are those before"
    )

    def evict(self, cache: Sequence[Entries]) -> list[Entries]:
        if self.everything:
            return list(cache)
        read = cache[0].lengths[:, 0]
        total = self.limit(read) * len(cache)
        evenness = torch.stack([variance(entries) for entries in cache])
        evenness = (-evenness / evenness.sum(dim=0).clamp(min=torch.finfo(evenness.dtype).tiny)).exp()
        counts = shared_out(evenness, total, read.clamp(max=self.protected), read)
        return [
            self.compensated(entries, count.unsqueeze(1), layer)
            for layer, (entries, count) in enumerate(zip(cache, counts, strict=True))
        ]

    def trim(self, entries: Entries, read: Tensor, left: Tensor, layer: int) -> Entries:
        if self.everything or not self.bounded:
            return entries
        limit = self.limit(read)  # the layers share it out only where it is less than the prompt
        return self.compensated(entries, left.where(limit < read, limit), layer)

    def compensated(self, entries: Entries, count: Tensor, layer: int) -> Entries:
        """What stays of a layer, with what it takes in of the entries that go.

        Args:
            entries: all that the layer holds; their memory is the threshold of likeness so far.
            count: how many may stay ``[batch, key heads or 1]``.
            layer: counted from 0.
        """
        kept = self.keeps(entries, count, layer)
        evicted = entries.visible & ~kept
        if not bool(evicted.any()):
            return entries
        alike, host = nearest_key(entries.keys, kept)
        threshold = self.threshold(entries.memory, alike, evicted)
        left = blend_evicted(entries, kept, host, alike, joins=alike >= threshold.unsqueeze(-1))
        return replace(left, memory=threshold)

    def threshold(self, before: Tensor | None, alike: Tensor, evicted: Tensor) -> Tensor:
        """How alike evicted entries and their hosts are, a moving average over evictions ``[batch, key heads]``.

        Args:
            before: the same, of earlier evictions; not a number in heads that had none.
            alike: every entry's similarity to its host ``[batch, key heads, entries]``.
            evicted: those that go now ``[batch, key heads, entries]``.
        """
        now = alike.where(evicted, 0).sum(dim=-1) / evicted.sum(dim=-1)
        before = torch.full_like(now, torch.nan) if before is None else before
        moved = (self.smoothing * now + (1 - self.smoothing) * before).where(~before.isnan(), now)
        return moved.where(evicted.any(dim=-1), before)


def variance(entries: Entries) -> Tensor:
    """Of the attention that entries have received, the mean of heads ``[batch]``."""
    weight, there = entries.known_weight.mean(dim=1), entries.visible[:, 0]
    count = there.sum(dim=1, keepdim=True)
    mean = weight.where(there, 0).sum(dim=1, keepdim=True) / count
    return ((weight - mean).where(there, 0).square().sum(dim=1, keepdim=True) / count)[:, 0]
