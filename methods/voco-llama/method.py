from collections.abc import Sequence
from typing import ClassVar, Self

from pydantic import Field
from torch import Tensor

from prunarium.families import Attention, RegisterMethod, Shape
from prunarium.ops import Entries


class VoCoLLaMA(RegisterMethod):
    """Put learned tokens behind each image that alone can see it: text sees them, and the image leaves the cache.

    Ye et al., VoCo-LLaMA: Towards Vision Compression with Large Language Models, CVPR 2025 (arXiv 2406.12275), where
    they are called VoCo tokens.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"added"})
    hides: ClassVar[bool] = True
    number: int = Field(1, ge=0, strict=True, description="VoCo tokens behind each image; 0: none, it stays as it is")

    def weigh(self, attention: Attention, layer: int) -> Tensor:
        """Which image tokens stay ``[batch, 1, image tokens]``."""
        return attention.added.unsqueeze(1)

    def evict(self, cache: Sequence[Entries], weights: Sequence[Tensor]) -> list[Entries]:
        if not self.number:
            return list(cache)
        return [_with_part_of_image(entries, stay) for entries, stay in zip(cache, weights, strict=True)]

    def knob(self, amount: float, shape: Shape) -> Self:
        number = 0 if amount == 1 else max(1, round(amount * self.most(shape)))
        return self.model_copy(update={"number": number})


def _with_part_of_image(entries: Entries, stay: Tensor) -> Entries:
    image = entries.of_image[:, :1]
    return entries.only((~image).masked_scatter(image, stay))
