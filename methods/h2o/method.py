from pydantic import Field
from torch import Tensor

from prunarium.families import HeavyHitterMethod
from prunarium.ops import Entries


class H2O(HeavyHitterMethod):
    """Keep the entries that have received most attention so far, and a window of the last ones.

    Zhang et al., H2O: Heavy-Hitter Oracle for Efficient Generative Inference of Large Language Models, NeurIPS 2023
    (arXiv 2306.14048), section 4 and algorithm 1.
    """

    average: bool = Field(
        False, description="rank by the mean over the tokens that saw an entry, which does not favour early ones"
    )

    def merit(self, entries: Entries) -> Tensor:
        if not self.average:
            return entries.known_weight
        return entries.known_weight / (entries.place.amax(dim=2, keepdim=True) + 1 - entries.place)
