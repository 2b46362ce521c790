from collections.abc import Sequence
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families import Attention, CacheShareMethod
from prunarium.ops import Entries, highest, in_proportion, latest, received, share_of

Share = Annotated[float, Field(ge=0, le=1, strict=True)]


class VLCache(CacheShareMethod):
    """Keep the entries that the text after the image attends to most, more of them in layers where it attends to many.

    Tu et al., VL-Cache: Sparsity and Modality-Aware KV Cache Compression for Vision-Language Model Inference
    Acceleration, ICLR 2025 (arXiv 2410.23317), section 4 and algorithm 1. The paper's alpha is ``keep_rate``.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"question_attention", "question_there", "prompt_there"})
    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.1, description="share of the prompt's tokens left in the cache, text and image, the mean over layers"
    )
    threshold: Share = Field(0.01, description="attention counts as none below this share of the highest in its row")
    least: Share = Field(0.01, description="share of the prompt's tokens that every layer keeps at least")
    recent: Share = Field(0.1, description="share of what a layer keeps that is the last tokens of the prompt")

    def weigh(self, attention: Attention, layer: int) -> Tensor:
        """What each token receives, and in the end how much of the attention is not none
        ``[batch, heads, tokens + 1]``."""
        if not bool(attention.question_there.any(dim=1).all()):
            raise PrunariumError("VLCache looks at the text after the image, and there is none in a prompt")
        rows, there = attention.question_attention, attention.prompt_there
        queries, tokens = rows.shape[2:]
        column = torch.arange(tokens, device=rows.device)
        seen = there.unsqueeze(1) & attention.question_there.unsqueeze(2) & (column <= column[-queries:].unsqueeze(1))
        dense = (rows >= self.threshold * rows.amax(dim=-1, keepdim=True)) & seen.unsqueeze(1)
        density = dense.sum(dim=(2, 3)) / seen.sum(dim=(1, 2)).unsqueeze(1)
        return torch.cat([received(rows), density.unsqueeze(-1)], dim=-1)

    def shrink(self, cache: Sequence[Entries], weights: Sequence[Tensor]) -> list[Entries]:
        density = torch.stack([weight[..., -1].mean(dim=1) for weight in weights])
        shares, left = in_proportion(density, self.keep_rate, self.least), []
        for entries, weight, share in zip(cache, weights, shares, strict=True):
            count = (entries.lengths * share.unsqueeze(1)).round().long().clamp(min=1)
            always = latest(share_of(count, self.recent), entries.visible)
            score = weight[..., :-1].masked_fill(always, torch.inf)
            left.append(entries.only(highest(score, count, entries.visible)))
        return left
