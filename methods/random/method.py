from typing import Annotated, ClassVar

import numpy as np
import torch
from pydantic import Field

from prunarium.families import Attention, Family, StagedMethod
from prunarium.ops import Tokens, in_order, top


class Random(StagedMethod):
    """Keep a random share of the tokens at each stage: what every method must beat.

    The k-th sample since the method was applied gets the same draw in every batch size.
    """

    families: ClassVar[tuple[Family, ...]] = ("vit", "vlm")
    seed: Annotated[int, Field(ge=0, strict=True)] = Field(0, description="the same seed drops the same tokens")

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        kept = self.kept(tokens, block)
        if kept == tokens.reducible:
            return tokens
        stream = np.random.PCG64([self.seed, block]).advance(tokens.first_sample * tokens.reducible)
        draw = np.random.Generator(stream).random((len(tokens.x), tokens.reducible))
        return tokens.keep(in_order(top(torch.from_numpy(draw), kept)).to(tokens.x.device))
