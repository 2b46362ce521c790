from collections.abc import Sequence
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from prunarium.families import Attention, CacheShareMethod
from prunarium.ops import Entries, down_to, earliest, equal_prefixes, highest, latest, received, share_of

Count = Annotated[int, Field(ge=0, strict=True)]


class PrefixKV(CacheShareMethod):
    """Keep the entries that the prompt attended to most, in each layer as many as hold the same share of its attention.

    Wang et al., PrefixKV: Adaptive Prefix KV Cache is What Vision Instruction-Following Models Need for Efficient
    Generation, NeurIPS 2025 (arXiv 2412.03409), section 3 and algorithm 1. The paper's r is ``keep_rate``.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"full_attention"})
    first: Count = Field(1, description="tokens at the beginning of the prompt that always stay")
    last: Count = Field(1, description="tokens at its end that always stay")
    distance: Annotated[int, Field(ge=1, strict=True)] = Field(
        25, description="after a new word the entry that goes is this one from the end, counted from 1"
    )

    def weigh(self, attention: Attention, layer: int) -> Tensor:
        return received(attention.full_attention).mean(dim=1, keepdim=True)

    def shrink(self, cache: Sequence[Entries], weights: Sequence[Tensor]) -> list[Entries]:
        there = cache[0].visible[:, :1]
        total = share_of(there.sum(dim=2) * len(cache), self.keep_rate)
        counts = equal_prefixes(torch.stack(list(weights))[:, :, 0], total[:, 0], there[:, 0]).unsqueeze(-1)
        least = max(1, self.first + self.last)
        always = earliest(self.first, there) | latest(self.last, there)
        return [
            entries.only(highest(importance.masked_fill(always, torch.inf), count.clamp(min=least), there))
            for entries, importance, count in zip(cache, weights, counts, strict=True)
        ]

    def trim(self, entries: Entries, share: Tensor, read: Tensor) -> Entries:
        return down_to(entries, read * share, self.distance)
