from typing import ClassVar

from torch import Tensor

from prunarium.families import Attention, BoundedMethod
from prunarium.ops import Entries, highest, latest


class TOVA(BoundedMethod):
    """Keep the entries that the last token attends to most, the mean of all heads; every word ranks them anew.

    Oren et al., Transformers are Multi-State RNNs, EMNLP 2024 (arXiv 2401.06104): Token Omission Via Attention.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"last_attention"})
    every_word: ClassVar[bool] = True

    def weigh(self, attention: Attention, entries: Entries, layer: int) -> Tensor:
        return attention.last_attention.mean(dim=1, keepdim=True)

    def carried(self, old: Tensor, new: Tensor) -> Tensor:
        return new

    def keeps(self, entries: Entries, count: Tensor, layer: int) -> Tensor:
        there = entries.visible
        last = latest(1, there)
        return last | highest(entries.known_weight, count - 1, there & ~last)
