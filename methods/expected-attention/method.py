from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from prunarium.families import Attention, EvictingMethod
from prunarium.ops import Entries, earliest, highest, rotated

Count = Annotated[int, Field(ge=0, strict=True)]


class ExpectedAttention(EvictingMethod):
    """Keep the entries that words to come are expected to attend to, each as much as its value is long.

    Devoto et al., Expected Attention: KV Cache Compression by Estimating Attention from Future Queries Distribution
    (arXiv 2510.00636): queries are taken to be normal, with the mean and the covariance of the prompt's.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"queries", "coming_rotary"})
    coming: Annotated[int, Field(ge=1, strict=True)] = Field(
        512, description="words to come, over whose positions expectations are averaged"
    )
    sinks: Count = Field(4, description="first tokens, which always stay, and whose queries count for nothing")

    @property
    def foreseen(self) -> int:
        return self.coming

    @property
    def protected(self) -> int:
        return self.sinks + 1

    def weigh(self, attention: Attention, entries: Entries, layer: int) -> Tensor:
        """The attention that each entry is expected to receive ``[batch, heads, entries]``."""
        there = entries.visible[:, :1]
        mean, covariance = moments(attention.queries, there & ~earliest(self.sinks, there))
        cos, sin = attention.coming_rotary
        mean = rotated(mean, cos, sin)
        half = rotated(covariance, cos.unsqueeze(1), sin.unsqueeze(1)).transpose(2, 3)
        covariance = rotated(half, cos.unsqueeze(1), sin.unsqueeze(1))
        keys = entries.keys.repeat_interleave(mean.shape[1] // entries.keys.shape[1], dim=1)
        dim = keys.shape[-1]
        linear = (keys @ mean.unsqueeze(-1))[..., 0] / dim**0.5
        square = ((keys @ covariance) * keys).sum(dim=-1) / (2 * dim)
        return (linear + square).masked_fill(~there, -torch.inf).softmax(dim=-1)

    def keeps(self, entries: Entries, count: Tensor, layer: int) -> Tensor:
        there = entries.visible
        score = entries.known_weight * entries.values.norm(dim=-1)
        return highest(score.masked_fill(earliest(self.sinks, there), torch.inf), count, there)


def moments(queries: Tensor, counted: Tensor) -> tuple[Tensor, Tensor]:
    """Mean ``[batch, heads, dim]`` and covariance ``[batch, heads, dim, dim]`` of queries.

    Args:
        queries: ``[batch, heads, tokens, dim]``.
        counted: those that count ``[batch, 1, tokens]``.
    """
    share = (counted / counted.sum(dim=2, keepdim=True).clamp(min=1)).to(queries).unsqueeze(-1)
    mean = (queries * share).sum(dim=2)
    apart = queries - mean.unsqueeze(2)
    return mean, (apart * share).transpose(2, 3) @ apart
