from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from prunarium.families import Attention, Shape, VlmMethod
from prunarium.ops import Entries, earliest, highest, latest, merge_evicted, nearest_key, received, share_of

Share = Annotated[float, Field(ge=0, le=1, strict=True)]
SINKS = 4


class LookM(VlmMethod):
    """Keep the recent tokens, the text and the image tokens that the prompt attended to most, and merge every evicted
    entry into the kept one whose key is most like its own.

    Wan et al., LOOK-M: Look-Once Optimization in KV Cache for Efficient Multimodal Long-Context Inference, Findings of
    EMNLP 2024 (arXiv 2406.18139), sections 3.2 and 3.3. The paper's alpha 1 is ``recent``, its alpha 2 ``important``.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"full_attention"})
    adaptive: ClassVar[bool] = True  # how many image tokens stay depends on how many the text leaves room for
    important: Share = Field(0.1, description="share of the prompt's tokens that stay for the attention they received")
    recent: Share = Field(0.1, description="share of the prompt that is its last tokens, which stay")
    text_prior: bool = Field(
        True, description="all text stays, images get what it leaves of 'important'; else the first 4 tokens stay"
    )
    merging: Literal["pivot", "weighted", "average"] = Field(
        "pivot", description="what evicted entries bring to the kept one they join; pivot: their mean with it"
    )

    @model_validator(mode="after")
    def _something_stays(self) -> Self:
        if not 0 < self.important + self.recent <= 1 + 1e-9:
            raise ValueError("important and recent together are a share above 0 and at most 1")
        return self

    def weigh(self, attention: Attention, layer: int) -> Tensor:
        return received(attention.full_attention)

    def evict(self, cache: Sequence[Entries], weights: Sequence[Tensor]) -> list[Entries]:
        if self.important + self.recent > 1 - 1e-9:
            return list(cache)
        return [self._merged(entries, self._kept(entries, w)) for entries, w in zip(cache, weights, strict=True)]

    def _kept(self, entries: Entries, score: Tensor) -> Tensor:
        there = entries.visible
        important = share_of(entries.lengths, self.important).clamp(min=1)
        window = latest(share_of(entries.lengths, self.recent), there)
        rest = there & ~window
        if self.text_prior:
            text = rest & ~entries.of_image
            return window | text | highest(score, important - text.sum(dim=2), rest & entries.of_image)
        sinks = earliest(SINKS, there)
        return window | highest(score.masked_fill(sinks, torch.inf), important, rest)

    def _merged(self, entries: Entries, kept: Tensor) -> Entries:
        alike, host = nearest_key(entries.keys, kept)
        if self.merging == "pivot":
            return merge_evicted(entries, kept, host, pivot=0.5)
        joins = more_alike_than_most(alike, entries.visible & ~kept)
        return merge_evicted(entries, kept, host, joins, share=alike if self.merging == "weighted" else None)

    def knob(self, amount: float, shape: Shape) -> Self:
        """The recent window stays as it is while it is at most half of what is kept."""
        amount = max(amount, 1e-6)
        recent = min(self.recent, amount / 2)
        return self.model_copy(update={"recent": recent, "important": amount - recent})


def more_alike_than_most(alike: Tensor, evicted: Tensor) -> Tensor:
    """Which evicted entries are as like their hosts as the mean of all, or more.

    As in the official code the first entries that the heads evict are judged together, then the second ones, and so on.

    Args:
        alike: every entry's similarity to its host ``[batch, key heads, entries]``.
        evicted: as many in each head ``[batch, key heads, entries]``.
    """
    order = evicted.to(torch.int8).argsort(dim=2, descending=True, stable=True)
    similarity = alike.masked_fill(~evicted, 0).gather(2, order)
    together = similarity.mean(dim=1, keepdim=True)
    mean = similarity.sum(dim=(1, 2), keepdim=True) / evicted.sum(dim=(1, 2), keepdim=True).clamp(min=1)
    passes = (together >= mean).expand_as(order)
    return torch.zeros_like(evicted).scatter(2, order, passes) & evicted
