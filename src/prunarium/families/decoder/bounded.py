"""Methods that leave each key head so many entries of its cache."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, Self

import torch
from pydantic import Field
from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families.base import Shape
from prunarium.families.decoder.method import DecoderMethod
from prunarium.ops import Entries, share_of

Count = Annotated[int, Field(ge=1, strict=True)]


class LimitedMethod(DecoderMethod):
    """A method that leaves a prompt so many entries of the cache."""

    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.5, description="share of the prompt's tokens left in the cache; 1 keeps everything, of new words too"
    )
    capacity: Count | None = Field(
        None, description="entries that each key head may hold, a number of tokens in place of keep_rate"
    )

    def limit(self, read: Tensor) -> Tensor:
        """How many entries may stay of prompts of so many tokens, of the same shape.

        Raises:
            PrunariumError: fewer than those that always stay.
        """
        count = share_of(read, self.keep_rate) if self.capacity is None else torch.full_like(read, self.capacity)
        count = count.clamp(min=1)
        if bool(((count < self.protected) & (count < read)).any()):
            raise PrunariumError(
                f"{type(self).__name__} may keep {int(count.min())} of {int(read.min())} tokens, fewer than the "
                f"{self.protected} that always stay; raise keep_rate or capacity, or protect fewer"
            )
        return count

    @property
    def protected(self) -> int:
        """Entries that always stay."""
        return 1

    @property
    def everything(self) -> bool:
        """Whether nothing is ever taken out."""
        return self.keep_rate == 1 and self.capacity is None

    def knob(self, amount: float, shape: Shape) -> Self:
        """The share of the prompt's tokens; not below those that always stay, where the number of tokens is known."""
        least = (self.protected + 1e-6) / shape.tokens if shape.tokens else 1e-6
        return self.model_copy(update={"keep_rate": min(max(amount, least), 1.0), "capacity": None})


class EvictingMethod(LimitedMethod):
    """A method that takes entries from the cache once the prompt has been read. A subclass writes ``keeps``."""

    @abstractmethod
    def keeps(self, entries: Entries, count: Tensor, layer: int) -> Tensor:
        """Which entries of a layer stay.

        Args:
            entries: all that the layer holds.
            count: how many may stay ``[batch, key heads or 1]``.
            layer: counted from 0.

        Returns:
            boolean ``[batch, key heads or 1, entries]``.
        """

    def evict(self, cache: Sequence[Entries]) -> list[Entries]:
        if self.everything:
            return list(cache)
        return [
            entries.only(self.keeps(entries, self.limit(entries.lengths), layer)) for layer, entries in enumerate(cache)
        ]


class BoundedMethod(EvictingMethod):
    """One that also lets an entry go for every new word: the cache never grows beyond what the prompt allows."""

    bounded: bool = Field(True, description="new words push old entries out; else the cache grows by every word")

    def trim(self, entries: Entries, read: Tensor, left: Tensor, layer: int) -> Entries:
        if self.everything or not self.bounded:
            return entries
        return entries.only(self.keeps(entries, self.limit(read), layer))
