from torch import Tensor, nn

from prunarium.families import BoundedMethod
from prunarium.ops import Entries, highest


class KeyDiff(BoundedMethod):
    """Keep the entries whose keys differ most from the mean direction of all keys. No attention is looked at.

    Park et al., KeyDiff: Key Similarity-Based KV Cache Eviction for Long-Context LLM Inference in Resource-Constrained
    Environments (arXiv 2504.15364).
    """

    def keeps(self, entries: Entries, count: Tensor, layer: int) -> Tensor:
        there = entries.visible
        unit = nn.functional.normalize(entries.keys, dim=-1) * there.unsqueeze(-1)
        anchor = unit.sum(dim=2, keepdim=True) / there.sum(dim=2, keepdim=True).unsqueeze(-1)
        return highest(-nn.functional.cosine_similarity(entries.keys, anchor, dim=-1), count, there)
