from typing import Annotated, Self

from pydantic import Field, PrivateAttr
from torch import Tensor

from prunarium.families import ObservingMethod, Shape
from prunarium.ops import Entries


class PyramidKV(ObservingMethod):
    """Keep what SnapKV keeps, many entries in the first layers and fewer in every layer after them.

    Cai et al., PyramidKV: Dynamic KV Cache Compression based on Pyramidal Information Funneling (arXiv 2406.02069),
    section 4. The mean over the layers is the same as with equal layers.
    """

    beta: Annotated[int, Field(ge=1, strict=True)] = Field(
        20, description="the last layer keeps this part of what layers of equal size would, the window apart"
    )
    _depth: int = PrivateAttr(1)

    def fit(self, shape: Shape) -> Self:
        fitted = self.model_copy()
        fitted._depth = shape.depth
        return fitted

    def keeps(self, entries: Entries, count: Tensor, layer: int) -> Tensor:
        return super().keeps(entries, self.in_layer(entries.lengths, count, layer), layer)

    def in_layer(self, read: Tensor, count: Tensor, layer: int) -> Tensor:
        """How many entries a layer keeps of prompts of so many tokens, where the mean is ``count``."""
        older, equal = read - self.window, count - self.window
        least = equal // self.beta
        most = 2 * equal - least
        beyond = most >= older  # there are not that many: the last layer gets the rest
        least, most = least.where(~beyond, 2 * equal - older), most.where(~beyond, older)
        step = (most - least) // max(self._depth - 1, 1)
        pyramid = most - layer * step + self.window
        return count.where((read < count) | (read < 2 * equal), pyramid)
