from collections.abc import Collection
from typing import Annotated, ClassVar, Self

import torch
from pydantic import Field, PrivateAttr
from torch import Tensor

from prunarium.families import Attention, DecoderMethod, Shape, check_stages
from prunarium.ops import highest, latest, share_of

SHARES = (0.3, 0.5, 0.7)  # of the depth


class LazyLLM(DecoderMethod):
    """For every word, let the layers behind some of them see only the tokens that its last one attends to most; a token
    that is left out waits where it is, and layers work on it when a later word needs it.

    Fu et al., LazyLLM: Dynamic Token Pruning for Efficient Long Context LLM Inference (arXiv 2407.14057), section 3:
    progressive pruning while the prompt is read and after it, with an auxiliary cache of hidden states.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"last_attention"})
    trains: ClassVar[bool] = False
    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.5, description="share of the tokens that such a layer sees and passes on"
    )
    layers: tuple[Annotated[int, Field(ge=0, strict=True)], ...] | None = Field(
        None,
        min_length=1,
        description="layers that pass on a share, counted from 0; default: the last of 30, 50 and 70 % of the depth",
    )
    _layers: frozenset[int] = PrivateAttr(frozenset())

    def fit(self, shape: Shape) -> Self:
        layers = {max(round(share * shape.depth), 1) - 1 for share in SHARES} if self.layers is None else self.layers
        check_stages(layers, shape.depth)
        fitted = self.model_copy()
        fitted._layers = frozenset(layers)
        return fitted

    @property
    def passing_layers(self) -> Collection[int]:
        return self._layers

    def pass_on(self, attention: Attention, there: Tensor, layer: int) -> Tensor:
        if self.keep_rate == 1:
            return there
        count = share_of(there.sum(dim=1), self.keep_rate).clamp(min=1)
        score = attention.last_attention.mean(dim=1).masked_fill(latest(1, there), torch.inf)
        return highest(score, count, there)

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"keep_rate": max(amount, 1e-6)})
