"""Methods that keep a share of what a prompt leaves in the key-value cache."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, ClassVar, Self

from pydantic import Field
from torch import Tensor

from prunarium.families.base import Shape
from prunarium.families.vlm.method import VlmMethod
from prunarium.ops import Entries, share_of


class CacheShareMethod(VlmMethod):
    """A method that evicts entries, of text as well as of images, until a share of them is left."""

    adaptive: ClassVar[bool] = True  # how many image tokens stay depends on what the text takes of the share
    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.5, description="share of the prompt's tokens left in the cache, text and image, the mean over layers"
    )

    @abstractmethod
    def shrink(self, cache: Sequence[Entries], weights: Sequence[Tensor]) -> list[Entries]:
        """What ``evict`` leaves where not everything is kept."""

    def evict(self, cache: Sequence[Entries], weights: Sequence[Tensor]) -> list[Entries]:
        return list(cache) if self.keep_rate == 1 else self.shrink(cache, weights)

    def left(self, entries: Entries) -> Tensor:
        """How many entries the share is of each key head, one at least ``[batch, key heads]``."""
        return share_of(entries.lengths, self.keep_rate).clamp(min=1)

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"keep_rate": max(amount, 1e-6)})
