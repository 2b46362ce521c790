import math
from typing import Annotated, ClassVar, Self

import torch
from pydantic import Field

from prunarium.errors import PrunariumError
from prunarium.families import Attention, Shape, VitMethod
from prunarium.ops import Tokens, absorb, energy, gather, most_similar

Ratio = Annotated[float, Field(ge=0.5, le=1)]


class PiToMe(VitMethod):
    """Merge tokens that many others resemble; protect those that stand alone.

    Tran et al., Accelerating Transformers with Spectrum-Preserving Token Merging, NeurIPS 2024 (arXiv 2405.16148),
    section 3.2 and algorithm 1.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"keys"})
    keep_rate: Ratio | Annotated[list[Ratio], Field(min_length=1)] = Field(
        0.925,
        description="share of the tokens kept in each block, prefix not counted: a number from 0.5, or a list with one "
        "per block",
    )
    margin: Annotated[float, Field(ge=-1, le=1)] = Field(
        0.75, description="cosine similarity above which tokens are alike, in the first block; falls to 0 with depth"
    )
    bipartite_blocks: Annotated[int, Field(ge=0, strict=True)] | None = Field(
        None,
        description="first blocks in which all tokens may merge, as in ToMe, and none is protected; default: the first "
        "half",
    )
    proportional_attention: bool = Field(False, description="count a merged token as often as the tokens it stands for")

    @property
    def size_bias(self) -> bool:
        return self.proportional_attention

    def fit(self, shape: Shape) -> Self:
        rates = self.keep_rate if isinstance(self.keep_rate, list) else [self.keep_rate] * shape.depth
        if len(rates) > shape.depth:
            raise PrunariumError(f"keep_rate lists {len(rates)} blocks, the model has {shape.depth}")
        first = math.ceil(shape.depth / 2) if self.bipartite_blocks is None else self.bipartite_blocks
        rates = rates + [1.0] * (shape.depth - len(rates))
        return self.model_copy(update={"keep_rate": rates, "bipartite_blocks": first})

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        assert isinstance(self.keep_rate, list), "fit to a model first"
        assert self.bipartite_blocks is not None, "fit to a model first"
        count, depth = tokens.reducible, len(self.keep_rate)
        r = min(math.floor(count - count * self.keep_rate[block]), count // 2)
        if r == 0:
            return tokens
        keys = attention.keys[:, :, tokens.prefix :].mean(dim=1)
        rank = energy(keys, self.margin * (1 - block / depth)).argsort(dim=1, descending=True)
        everyone = block < self.bipartite_blocks
        mergeable = rank if everyone else rank[:, : 2 * r]
        sources, destinations = mergeable[:, ::2], mergeable[:, 1::2]
        similarity, into = most_similar(gather(keys, sources), gather(keys, destinations))
        left = rank[:, mergeable.shape[1] :]
        if everyone:
            order = similarity.argsort(dim=1, descending=True)
            sources, into = sources.gather(1, order), into.gather(1, order[:, :r])
            sources, left = sources[:, :r], sources[:, r:]
        return absorb(tokens, torch.cat([left, destinations], dim=1), sources, into + left.shape[1])

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"keep_rate": 0.5 + 0.5 * amount})
