from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

import torch
from pydantic import Field
from torch import Tensor, nn

from prunarium.families import Shape, Tower, VlmMethod
from prunarium.ops import Tokens, gather, top, upper_outliers


class PruMerge(VlmMethod):
    """Keep the patches whose cls attention stands out, add to each the patches most like it, and fuse the others.

    Shang et al., LLaVA-PruMerge: Adaptive Token Reduction for Efficient Large Multimodal Models, ICCV 2025 (arXiv
    2403.15388), token selection by outliers and token supplement by similar keys. Attention and keys are of the tower's
    last layer, its whole width taken as one head. PruMerge+ keeps patches evenly spread over the image besides.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"cls_attention"})
    adaptive: ClassVar[bool] = True
    variant: Literal["PruMerge", "PruMerge+"] = Field("PruMerge", description="whether evenly spread patches stay too")
    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] | None = Field(
        None,
        description="share of patches kept, of PruMerge+ half of it evenly spread; default: those that stand out by "
        "the interquartile range",
    )
    neighbours: Annotated[int, Field(ge=1, strict=True)] = Field(
        32, description="how many of the most similar patches are added to each one kept, weighted by cls attention"
    )

    def encode(self, tokens: Tokens, tower: Tower) -> Tokens:
        count, last = tokens.count, tower.depth - 1
        keys, query = (part.transpose(1, 2).flatten(2) for part in (tower.keys(last), tower.queries(last)[:, :, :1]))
        score = (query @ keys.transpose(1, 2) * keys.shape[-1] ** -0.5).softmax(dim=-1)[:, 0, 1:]
        if self.keep_rate is None:
            kept, there = self._standing_out(score)
        else:
            sets = 2 if self.variant == "PruMerge+" else 1
            each = max(1, int(count * self.keep_rate / sets))
            if each * sets + 1 >= count:
                return tokens
            kept = top(score, each)
            if sets == 2:
                kept = torch.cat([kept, _evenly(each, count).to(kept.device).expand_as(kept)], dim=1)
            there = torch.ones_like(kept, dtype=torch.bool)
        return self._merged(tokens, nn.functional.normalize(keys[:, 1:], dim=-1), score, kept, there)

    def _standing_out(self, score: Tensor) -> tuple[Tensor, Tensor]:
        """What is kept of each sample, and which of it is no padding, each ``[batch, kept]``."""
        count = score.shape[1]
        number = upper_outliers(score).sum(dim=1, keepdim=True).clamp(min=1)
        rank = score.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
        place = torch.arange(count, device=score.device).expand_as(score)
        order = rank.where(rank < number, 2 * count)
        if self.variant == "PruMerge+":
            stride = (count // number // 3).clamp(min=1)
            spread = (place % stride == 0) & (place < count - 1)
            order = torch.where((order == 2 * count) & spread, count + place, order)
        there = order < 2 * count
        index = order.argsort(dim=1, stable=True)[:, : int(there.sum(dim=1).max())]
        return index, there.gather(1, index)

    def _merged(self, tokens: Tokens, keys: Tensor, score: Tensor, kept: Tensor, there: Tensor) -> Tokens:
        """The tokens kept, each with its neighbours, and one more of those left."""
        batch, number = kept.shape
        left = torch.ones(batch, tokens.count + 1, dtype=torch.bool, device=kept.device)
        left = left.scatter(1, kept.where(there, tokens.count), False)[:, :-1]
        twice = there.sum(dim=1, keepdim=True) - (~left).sum(dim=1, keepdim=True)
        left &= left.cumsum(dim=1) > twice  # the official code loses as many as it keeps twice
        candidates = torch.cat([there, left], dim=1)
        alike = gather(keys, kept) @ torch.cat([gather(keys, kept), keys], dim=1).transpose(1, 2)
        alike = alike.masked_fill(~candidates.unsqueeze(1), -torch.inf)
        alike.diagonal(dim1=1, dim2=2).fill_(-torch.inf)
        nearest = alike.topk(min(self.neighbours, tokens.count - 1), dim=-1).indices
        weight = torch.cat([score.gather(1, kept), score], dim=1).unsqueeze(1).expand_as(alike)
        weight = torch.zeros_like(alike).scatter(2, nearest, weight.gather(2, nearest))
        weight = weight[..., number:].scatter_add(2, kept.unsqueeze(1).expand(-1, number, -1), weight[..., :number])
        fused = (score * left).unsqueeze(1) @ tokens.x
        after = tokens.keep(kept, fused=fused, there=there)
        return replace(after, x=after.x + nn.functional.pad(weight @ tokens.x, (0, 0, 0, 1)))

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"keep_rate": max(amount, 1e-6)})


def _evenly(number: int, count: int) -> Tensor:
    """The middles of ``number`` equal stretches of ``count`` tokens ``[number]``."""
    return ((2 * torch.arange(number) + 1) * count) // (2 * number)
