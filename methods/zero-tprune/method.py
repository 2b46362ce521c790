import math
from collections.abc import Collection
from typing import Annotated, ClassVar, Literal, Self

import torch
from pydantic import Field, PrivateAttr
from torch import Tensor

from prunarium.families import Attention, Shape, StagedMethod, VitMethod
from prunarium.ops import Tokens, in_order, page_rank, redundant, rms_of_telling_heads, top

Rounds = Annotated[int, Field(ge=1, strict=True)]


class ZeroTPrune(StagedMethod, VitMethod):
    """Drop tokens that resemble more important ones, then those that the attention graph finds least important.

    Wang et al., Zero-TPrune: Zero-Shot Token Pruning through Leveraging of the Attention Graph in Pre-Trained
    Transformers, CVPR 2024 (arXiv 2305.17328), section 3: stages I', S and I.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"full_attention", "keys"})
    place: ClassVar[Literal["before"]] = "before"
    trains: ClassVar[bool] = False
    similar_share: Annotated[float, Field(ge=0, le=1)] = Field(
        0.5, description="share of what a stage drops that goes because it resembles other tokens; at most half of them"
    )
    rounds: tuple[Rounds, Rounds, Rounds] = Field(
        (30, 5, 1),
        description="rounds of voting in the first quarter of the blocks, in the middle, in the last quarter",
    )
    variance: tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(ge=0)]] = Field(
        (0.01, 0.7), description="lowest and highest variance of importance, mean 1, in a head that is listened to"
    )
    stress_cls: bool = Field(True, description="the first token begins with a vote of sqrt(tokens), if it is no patch")
    _depth: int = PrivateAttr(0)

    def fit(self, shape: Shape) -> Self:
        fitted = super().fit(shape).model_copy()
        fitted._depth = shape.depth
        return fitted

    def acts_at(self, shape: Shape) -> Collection[int]:
        blocks = super().acts_at(shape)
        return blocks if self.blocks else [block for block in blocks if block]

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        kept, prefix = self.kept(tokens, block), tokens.prefix
        if kept == tokens.reducible:
            return tokens
        similar = min(round(self.similar_share * (tokens.reducible - kept)), tokens.reducible // 2)
        matrix = attention.full_attention
        there = torch.ones(matrix.shape[0], tokens.count, dtype=torch.bool, device=matrix.device)
        if similar:
            keys = attention.keys[:, :, prefix:].transpose(1, 2).flatten(2)
            gone = redundant(keys, self._importance(matrix, 1, there, prefix), similar)
            there = there.scatter(1, gone + prefix, False)
        wanted = there[:, prefix:].to(matrix.dtype)
        if kept < tokens.reducible - similar:
            wanted = wanted * (1 + self._importance(matrix, self._rounds(block - 1), there, prefix))
        return tokens.keep(in_order(top(wanted, kept)))

    def _rounds(self, block: int) -> int:
        quarter = self._depth // 4
        return self.rounds[0 if block < quarter else 2 if block >= self._depth - quarter else 1]

    def _importance(self, matrix: Tensor, rounds: int, there: Tensor, prefix: int) -> Tensor:
        start = torch.ones_like(matrix[:, 0, 0])
        if prefix and self.stress_cls:
            start[:, 0] = math.sqrt(matrix.shape[-1])
        score = page_rank(matrix, rounds, start, there)[:, :, prefix:]
        return rms_of_telling_heads(score, *self.variance, there=there[:, prefix:])
