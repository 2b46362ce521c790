from torch import Tensor

from prunarium.families import BoundedMethod
from prunarium.ops import Entries, highest


class KNorm(BoundedMethod):
    """Keep the entries whose keys are shortest: those draw most attention. No attention is looked at.

    Devoto et al., A Simple and Effective L2 Norm-Based Strategy for KV Cache Compression, EMNLP 2024
    (arXiv 2406.11430).
    """

    def keeps(self, entries: Entries, count: Tensor, layer: int) -> Tensor:
        return highest(-entries.keys.norm(dim=-1), count, entries.visible)
