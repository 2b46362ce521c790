from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor

from prunarium.families import Attention, CacheShareMethod
from prunarium.ops import Entries, down_to, highest, merge_evicted, nearest_place, received


class ElasticCache(CacheShareMethod):
    """Keep the entries that the prompt attended to most, each averaged with the others that are nearest to it.

    Liu et al., Efficient Inference of Vision Instruction-Following Models with Elastic Cache, ECCV 2024
    (arXiv 2407.18121), section 3: merging when the prompt has been read, fixed-point elimination after every new word.
    The paper's gamma is ``keep_rate``.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"full_attention"})
    distance: Annotated[int, Field(ge=1, strict=True)] = Field(
        25, description="after a new word the entry that goes is this one from the end, counted from 1"
    )

    def weigh(self, attention: Attention, layer: int) -> Tensor:
        return received(attention.full_attention).mean(dim=1, keepdim=True)

    def shrink(self, cache: Sequence[Entries], weights: Sequence[Tensor]) -> list[Entries]:
        left = []
        for entries, importance in zip(cache, weights, strict=True):
            anchors = highest(importance, self.left(entries), entries.visible)
            left.append(merge_evicted(entries, anchors, nearest_place(anchors)))
        return left

    def trim(self, entries: Entries, share: Tensor, read: Tensor) -> Entries:
        return down_to(entries, read * share, self.distance)
