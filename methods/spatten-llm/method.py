from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor

from prunarium.families import Attention, BoundedMethod
from prunarium.ops import Entries, earliest, highest, latest


class SpAttenLLM(BoundedMethod):
    """Keep the first entries, the last ones, and between them those that the tokens just read asked for most.

    Wang et al., SpAtten: Efficient Sparse Attention Architecture with Cascade Token and Head Pruning, HPCA 2021
    (arXiv 2012.09852), section 3, as its authors later gave it for language models with a cache; token pruning alone.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"logit_sums"})
    every_word: ClassVar[bool] = True
    sinks: Annotated[int, Field(ge=0, strict=True)] = Field(4, description="first tokens, which always stay")
    recent: Annotated[float, Field(ge=0, le=1, strict=True)] = Field(
        0.5, description="share of what is kept that is the last tokens"
    )
    coming: Annotated[int, Field(ge=0, strict=True)] = Field(
        1, description="entries left free for words to come, taken off the last tokens"
    )

    @property
    def protected(self) -> int:
        return self.sinks + 1

    @property
    def by_slot(self) -> bool:
        return True

    def weigh(self, attention: Attention, entries: Entries, layer: int) -> Tensor:
        return attention.logit_sums

    def carried(self, old: Tensor, new: Tensor) -> Tensor:
        return new

    def keeps(self, entries: Entries, count: Tensor, layer: int) -> Tensor:
        there = entries.visible
        recent = (count.double() * self.recent).round().long()
        always = earliest(self.sinks, there) | latest(recent - self.coming, there)
        kept = always | highest(entries.known_weight, count - recent - self.sinks, there & ~always)
        return kept | (there & (entries.lengths + self.coming <= count).unsqueeze(-1))
