"""Methods that keep a recent window and, of what is older, what has mattered most so far."""

from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from prunarium.families.base import Attention
from prunarium.families.decoder.bounded import BoundedMethod
from prunarium.ops import Entries, earliest, highest, latest


class HeavyHitterMethod(BoundedMethod):
    """A method whose weights add up over the prompt and all words: each head keeps its heaviest entries.

    Zhang et al., NeurIPS 2023 (arXiv 2306.14048), algorithm 1, with attention as the weight.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"attention_sums"})
    every_word: ClassVar[bool] = True
    recent: Annotated[float, Field(ge=0, le=1, strict=True)] = Field(
        0.5, description="share of what is kept that is the last tokens"
    )

    def weigh(self, attention: Attention, entries: Entries, layer: int) -> Tensor:
        return attention.attention_sums

    def window(self, count: Tensor) -> Tensor:
        """How many of so many entries are the last tokens."""
        return (count.double() * self.recent).round().long()

    def keeps(self, entries: Entries, count: Tensor, layer: int) -> Tensor:
        recent, there = self.window(count), entries.visible
        window = latest(recent, there)
        return window | highest(self.merit(entries), count - recent, there & ~window)

    def merit(self, entries: Entries) -> Tensor:
        """What entries are ranked by ``[batch, key heads, entries]``."""
        return entries.known_weight


class SinkingHitterMethod(HeavyHitterMethod):
    """One that never lets the first tokens go, where much attention ends up that is not meant for them."""

    sinks: Annotated[int, Field(ge=0, strict=True)] = Field(4, description="first tokens, which always stay")

    @property
    def protected(self) -> int:
        return self.sinks + 1

    def window(self, count: Tensor) -> Tensor:
        """At most what the first tokens leave."""
        return torch.minimum(super().window(count), count - self.sinks).clamp(min=0)

    def merit(self, entries: Entries) -> Tensor:
        return self.worth(entries).masked_fill(earliest(self.sinks, entries.visible), torch.inf)

    def worth(self, entries: Entries) -> Tensor:
        """What entries after the first ones are ranked by ``[batch, key heads, entries]``."""
        return entries.known_weight
