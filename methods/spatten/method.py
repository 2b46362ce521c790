import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, ClassVar, Self

import torch
from pydantic import Field, PrivateAttr
from torch import Tensor

from prunarium.families import Attention, RetentionMethod, Shape, turned
from prunarium.ops import Tokens, follow, keep_best, less

Rate = Annotated[float, Field(gt=0, le=1, strict=True)]
LEAST = 0.01


class SpAtten(RetentionMethod):
    """Drop, for good, the tokens that received least attention in all layers so far, and the heads that gave least.

    Wang et al., SpAtten: Efficient Sparse Attention Architecture with Cascade Token and Head Pruning, HPCA 2021
    (arXiv 2012.09852), section 3. What is left falls in a straight line over the layers behind the first ones.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"received_attention", "head_outputs"})
    prunes_heads: ClassVar[bool] = True
    keep_rate: Rate = Field(0.4, description="share of the tokens left by the last layer, where retention is not given")
    head_keep_rate: Rate = Field(0.75, description="share of the heads left by the last layer")
    front: Annotated[int, Field(ge=0, strict=True)] | None = Field(
        None, description="first layers that drop no tokens; default: 15 % of all, begun ones count"
    )
    cumulative: bool = Field(True, description="rank tokens by all layers so far, not only by the layer at hand")
    _heads: tuple[float, ...] = PrivateAttr(())

    def usual(self, depth: int) -> Sequence[float]:
        front = math.ceil(0.15 * depth) if self.front is None else self.front
        return falling(self.keep_rate, front, depth)

    def fit(self, shape: Shape) -> Self:
        fitted = super().fit(shape).model_copy()
        fitted._heads = tuple(falling(self.head_keep_rate, math.ceil(0.3 * shape.depth), shape.depth))
        return fitted

    def acts_at(self, shape: Shape) -> Sequence[int]:
        # from the first layer on it adds up
        return range(shape.depth) if super().acts_at(shape) or self.head_keep_rate < 1 else ()

    def kept(self, tokens: Tokens, block: int) -> int | Tensor:
        assert self.retention is not None, "fit to a model first"
        wanted, entered = self.retention[block], tokens.entered
        if isinstance(wanted, int):
            return super().kept(tokens, block)
        count = (entered.double() * wanted).round().long() if isinstance(entered, Tensor) else round(entered * wanted)
        return less(count, tokens.prefix)

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        tokens = self._without_heads(tokens, attention, block)
        real = tokens.real + tokens.prefix
        looking = real.unsqueeze(1) if isinstance(real, Tensor) else real
        score = attention.received_attention * looking  # sums over queries, not means
        if self.cumulative:
            score = score + tokens.memory.get("tokens", 0.0)
        left = keep_best(tokens, score[:, tokens.prefix :], self.kept(tokens, block))
        return left.remember(tokens=follow(score, left.moves[len(tokens.moves) :]))

    def _without_heads(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        """Leave out, in the layers ahead, the heads whose outputs were smallest so far."""
        if self.head_keep_rate == 1:
            return tokens
        outputs = attention.head_outputs.detach()
        size = outputs.abs().sum(dim=-1, dtype=torch.promote_types(outputs.dtype, torch.float32))
        size = size if tokens.there is None else size * tokens.there.unsqueeze(1)
        given = size.sum(dim=-1) + tokens.memory.get("heads", 0.0)
        count = max(1, round(self._heads[block] * given.shape[1]))
        best = given.masked_fill(tokens.heads == 0, -1) if tokens.heads is not None else given
        stays = torch.zeros_like(given).scatter(1, best.topk(count, dim=1).indices, 1.0)
        return replace(tokens, heads=stays if count < given.shape[1] else None).remember(heads=given)

    def knob(self, amount: float, shape: Shape) -> Self:
        """Tokens as in any retention configuration; the share of heads turned along."""
        heads = max(turned(self.head_keep_rate, amount), LEAST)
        return super().knob(amount, shape).model_copy(update={"head_keep_rate": heads})


def falling(last: float, front: int, depth: int) -> list[float]:
    """Shares left in each layer: all in the first ones, then in a straight line down to the last."""
    behind = max(1, depth - front)
    steps = [max(0, layer - front + 1) / behind for layer in range(depth)]
    return [max(LEAST, 1 - (1 - last) * step) for step in steps]
