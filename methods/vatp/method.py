from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from prunarium.families import HeavyHitterMethod
from prunarium.ops import Entries, earliest


class VATP(HeavyHitterMethod):
    """Keep the entries that have received most attention so far, each as much as its value is long, the first tokens
    and a window of the last ones.

    Guo et al., Attention Score is not All You Need for Token Importance Indicator in KV Cache Reduction: Value Also
    Matters, EMNLP 2024 (arXiv 2406.12335), on the accumulated attention of H2O.
    """

    sinks: Annotated[int, Field(ge=0, strict=True)] = Field(4, description="first tokens, which always stay")

    @property
    def protected(self) -> int:
        return self.sinks + 1

    def merit(self, entries: Entries) -> Tensor:
        length = entries.values.abs().sum(dim=-1)
        return (entries.known_weight * length).masked_fill(earliest(self.sinks, entries.visible), torch.inf)
