from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Self

import torch
from pydantic import Field, PrivateAttr
from torch import Tensor, nn

from prunarium.families import Attention, LearnedEncoderMethod, Shape
from prunarium.ops import Tokens, thin

LEAST = 1e-5
"""A token that receives less than this goes, however low the threshold."""


class LTP(LearnedEncoderMethod):
    """Drop in each layer the tokens that receive less attention than a threshold, which rises with depth.

    Kim et al., Learned Token Pruning for Transformers, KDD 2022 (arXiv 2107.00910), section 3. A layer's threshold is a
    straight line over the depth plus a learned number; in training tokens stay and are multiplied by a soft mask, and
    in the end, where the model is trained too, by a hard one.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"received_attention"})
    adaptive: ClassVar[bool] = True
    final_threshold: Annotated[float, Field(ge=0)] = Field(
        0.01, description="where the straight line ends, behind the last layer; it begins at 0"
    )
    temperature: Annotated[float, Field(ge=0)] = Field(
        1e-3, description="of the soft masks in training; at 0 masks are hard, and the model alone learns"
    )
    strictness: Annotated[float, Field(ge=0)] = Field(
        1.0, description="factor of all thresholds; at 0 every token stays"
    )
    regularisation: Annotated[float, Field(ge=0)] = Field(
        0.1, description="weight of the soft masks in a training loss"
    )
    _depth: int = PrivateAttr(1)

    def parts(self, shape: Shape) -> nn.ParameterDict:
        return nn.ParameterDict({"delta": torch.zeros(shape.depth)})

    def fit(self, shape: Shape) -> Self:
        fitted = super().fit(shape).model_copy()
        fitted._depth = shape.depth
        return fitted

    def threshold(self, block: int) -> Tensor:
        """Attention that a token must receive in a layer."""
        assert isinstance(self.learned, nn.ParameterDict)
        learned: Tensor = self.learned["delta"][block]
        threshold = self.final_threshold * block / self._depth + learned
        if self.strictness == 1:
            return threshold
        # one below what always goes is raised from there: no factor moves what is negative
        return threshold.clamp(min=LEAST).where(threshold != 0, 0) * self.strictness

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        if self.strictness == 0:
            return tokens
        score, threshold = self.score(tokens, attention.received_attention), self.threshold(block)
        if tokens.training and self.temperature:
            return self.soften(tokens, score, threshold)
        if threshold.item() == 0:
            return tokens  # of exactly 0, as the first layer's before any training, none is meant
        stays = self.stays(score, threshold)[:, tokens.prefix :]
        return thin(tokens, stays.to(tokens.x.dtype)) if tokens.training else tokens.keep_where(stays)

    @staticmethod
    def score(tokens: Tokens, received: Tensor) -> Tensor:
        """Attention received, per token that entered: tokens dropped before give none ``[batch, tokens]``."""
        looking, entered = (
            number.to(received.dtype).unsqueeze(1) if isinstance(number, Tensor) else number
            for number in (tokens.real + tokens.prefix, tokens.entered)
        )
        return received * (looking / entered)

    @staticmethod
    def stays(score: Tensor, threshold: Tensor) -> Tensor:
        """Which tokens stay ``[batch, tokens]``."""
        return score >= threshold.clamp(min=LEAST)

    def soften(self, tokens: Tokens, score: Tensor, threshold: Tensor) -> Tokens:
        """Multiply what leaves the layer by a soft mask; the prefix is not masked."""
        mask = ((score - threshold) / self.temperature).sigmoid()[:, tokens.prefix :]
        there = torch.ones_like(mask) if tokens.there is None else tokens.there[:, tokens.prefix :].to(mask.dtype)
        share = (mask * there).sum() / there.sum().clamp(min=1)
        gate = nn.functional.pad(mask, (tokens.prefix, 0), value=1.0)
        return replace(tokens, gate=gate).remember(masks=(*tokens.memory.get("masks", ()), share))

    def loss(self, memory: Mapping[str, Any]) -> Tensor | None:
        """The mean of the soft masks, over tokens and layers."""
        masks = memory.get("masks")
        return self.regularisation * torch.stack(masks).mean() if masks else None

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"strictness": (1 - amount) / max(amount, 1e-6)})
