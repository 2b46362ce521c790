from collections.abc import Sequence
from typing import Annotated

from pydantic import Field
from torch import Tensor

from prunarium.families import BoundedMethod
from prunarium.ops import Entries, earliest, latest

Count = Annotated[int, Field(ge=0, strict=True)]


class StreamingLLM(BoundedMethod):
    """Keep the first tokens, which draw attention whatever they say, and a window of the last ones.

    Xiao et al., Efficient Streaming Language Models with Attention Sinks, ICLR 2024 (arXiv 2309.17453), section 3.2.
    """

    sinks: Count = Field(4, description="first tokens, which always stay")
    turned: bool = Field(
        True, description="keys are turned to their place in the cache, as in the paper; else they keep their position"
    )
    room: Count = Field(0, description="entries left free after the prompt, for words to come")

    @property
    def protected(self) -> int:
        return self.sinks + 1

    @property
    def by_slot(self) -> bool:
        return self.turned

    def evict(self, cache: Sequence[Entries]) -> list[Entries]:
        if self.everything:
            return list(cache)
        return [
            entries.only(self.keeps(entries, self.limit(entries.lengths) - self.room, layer))
            for layer, entries in enumerate(cache)
        ]

    def keeps(self, entries: Entries, count: Tensor, layer: int) -> Tensor:
        there = entries.visible
        return earliest(self.sinks, there) | latest(count - self.sinks, there)
