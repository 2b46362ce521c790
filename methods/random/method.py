from collections.abc import Collection, Sequence
from typing import Annotated, ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families import Attention, DecoderMethod, Family, Shape, StagedMethod
from prunarium.ops import Entries, Tokens, highest, in_order, share_of, top


class Random(StagedMethod, DecoderMethod):
    """Keep a random share of the tokens at each stage, in a decoder of the cached entries: what every method must beat.

    The k-th sample since the method was applied gets the same draw in every batch size.
    """

    families: ClassVar[tuple[Family, ...]] = ("vit", "vlm", "decoder")
    seed: Annotated[int, Field(ge=0, strict=True)] = Field(0, description="the same seed drops the same tokens")

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        kept = self.kept(tokens, block)
        if kept == tokens.reducible:
            return tokens
        stream = np.random.PCG64([self.seed, block]).advance(tokens.first_sample * tokens.reducible)
        draw = np.random.Generator(stream).random((len(tokens.x), tokens.reducible))
        return tokens.keep(in_order(top(torch.from_numpy(draw), kept)).to(tokens.x.device))

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
