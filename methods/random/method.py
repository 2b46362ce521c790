from typing import Annotated, ClassVar, Self

import numpy as np
import torch
from pydantic import Field, PrivateAttr
from torch import Tensor

from prunarium.families import Attention, Family, Shape, StagedMethod
from prunarium.ops import Tokens, keep_best


class Random(StagedMethod):
    """Keep a random share of the tokens at each stage: what every method must beat.

    The k-th sample since the method was applied gets the same draw in every batch size.
    """

    families: ClassVar[tuple[Family, ...]] = ("vit", "vlm", "encoder")
    seed: Annotated[int, Field(ge=0, strict=True)] = Field(0, description="the same seed drops the same tokens")
    _texts: bool = PrivateAttr(False)

    def fit(self, shape: Shape) -> Self:
        fitted = self.model_copy()
        fitted._texts = shape.family == "encoder"
        return fitted

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        counts = self.kept_of_each(tokens)
        if isinstance(counts, int) and counts == tokens.reducible:
            return tokens
        return keep_best(tokens, self._draw(tokens, block).to(tokens.x.device), counts)

    def _draw(self, tokens: Tokens, block: int) -> Tensor:
        """``[batch, tokens after the prefix]``"""
        batch, count, first = len(tokens.x), tokens.reducible, tokens.first_sample
        if self._texts:  # padding must not change the draw, so that every sample has a stream of its own
            streams = (np.random.default_rng([self.seed, block, first + number]) for number in range(batch))
            return torch.from_numpy(np.stack([stream.random(count) for stream in streams]))
        stream = np.random.PCG64([self.seed, block]).advance(first * count)
        return torch.from_numpy(np.random.Generator(stream).random((batch, count)))
