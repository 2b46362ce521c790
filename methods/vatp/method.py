from torch import Tensor

from prunarium.families import SinkingHitterMethod
from prunarium.ops import Entries


class VATP(SinkingHitterMethod):
    """Keep the entries that have received most attention so far, each as much as its value is long, the first tokens
    and a window of the last ones.

    Guo et al., Attention Score is not All You Need for Token Importance Indicator in KV Cache Reduction: Value Also
    Matters, EMNLP 2024 (arXiv 2406.12335), on the accumulated attention of H2O.
    """

    def worth(self, entries: Entries) -> Tensor:
        return entries.known_weight * entries.values.abs().sum(dim=-1)
