from collections.abc import Collection, Sequence
from typing import Annotated, ClassVar, Self

import numpy as np
import torch
from pydantic import Field, PrivateAttr
from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families import Attention, DecoderMethod, Family, Shape, StagedMethod
from prunarium.ops import Entries, Tokens, highest, keep_best, share_of


class Random(StagedMethod, DecoderMethod):
    """Keep a random share of the tokens at each stage, in a decoder of the cached entries: what every method must beat.

    The k-th sample since the method was applied gets the same draw in every batch size.
    """

    families: ClassVar[tuple[Family, ...]] = ("vit", "vlm", "encoder", "decoder")
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

    def weigh(self, attention: Attention, entries: Entries, layer: int) -> Tensor:
        there = entries.visible[:, 0]
        weight = torch.zeros(there.shape, dtype=torch.float64)
        for row, sample, length in zip(weight, attention.samples.tolist(), there.sum(dim=1).tolist(), strict=True):
            draw = np.random.default_rng([self.seed, layer, sample]).random(length)
            row[len(row) - length :] = torch.from_numpy(draw)  # padding is on the left
        return weight.unsqueeze(1).to(there.device)

    def evict(self, cache: Sequence[Entries]) -> list[Entries]:
        return [
            entries.only(
                highest(entries.known_weight, share_of(entries.lengths, self.keep_rate).clamp(min=1), entries.visible)
            )
            for entries in cache
        ]

    def acts_at(self, shape: Shape) -> Collection[int]:
        if shape.family != "decoder":
            return super().acts_at(shape)
        if self.blocks is not None:
            raise PrunariumError("Random has no blocks in a decoder: it acts in every layer once the prompt is read")
        return ()
