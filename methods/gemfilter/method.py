from typing import Annotated, ClassVar, Self

import torch
from pydantic import Field, PrivateAttr
from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families import Attention, DecoderMethod, Shape
from prunarium.ops import highest, share_of, smooth

POOLED = 5  # neighbouring tokens whose scores are averaged


class GemFilter(DecoderMethod):
    """Read the prompt with the first layers only, and start again with the tokens that its last one asks for there.

    Shi et al., Discovering the Gems in Early Layers: Accelerating Long-Context LLMs with 1000x Input Token Reduction
    (arXiv 2409.17422), section 3 and algorithm 1. The paper's k is ``capacity``, its r ``layer``.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"last_logits"})
    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.5, description="share of the prompt's tokens that the model reads"
    )
    capacity: Annotated[int, Field(ge=1, strict=True)] | None = Field(
        None, description="tokens that the model reads, a number in place of keep_rate"
    )
    layer: Annotated[int, Field(ge=0, strict=True)] | None = Field(
        None, description="layer whose attention selects, counted from 0; default: at 13/32 of the depth"
    )
    _selecting: int | None = PrivateAttr(None)

    def fit(self, shape: Shape) -> Self:
        layer = shape.depth * 13 // 32 if self.layer is None else self.layer
        if layer >= shape.depth:
            raise PrunariumError(f"layer {layer} does not exist: the model has layers 0 to {shape.depth - 1}")
        fitted = self.model_copy()
        fitted._selecting = layer
        return fitted

    @property
    def selecting_layer(self) -> int | None:
        return 0 if self._selecting is None else self._selecting

    def select(self, attention: Attention, there: Tensor) -> Tensor:
        read = there.sum(dim=1, keepdim=True)
        if self.capacity is None and self.keep_rate == 1:
            return there
        count = share_of(read, self.keep_rate) if self.capacity is None else torch.full_like(read, self.capacity)
        return highest(self.score(attention), count[:, 0].clamp(min=1), there)

    def score(self, attention: Attention) -> Tensor:
        """How much the last token asks for each, all heads together, the mean of neighbours ``[batch, tokens]``."""
        return smooth(attention.last_logits.sum(dim=1), POOLED)

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"keep_rate": max(amount, 1e-6), "capacity": None})
