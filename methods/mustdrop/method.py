from collections.abc import Collection
from typing import Annotated, ClassVar, Literal, Self

import torch
from pydantic import Field
from torch import Tensor, nn

from prunarium.families import Attention, Block, Shape, Tower, VlmMethod, at_depth, check_stages
from prunarium.ops import Tokens, grid_destinations, pour

Threshold = Annotated[float, Field(ge=0)]
PATCHES = 9  # of a window


class MustDrop(VlmMethod):
    """Merge windows of patches that are alike, then drop image tokens that neither text nor cls token looks at.

    Liu et al., Multi-Stage Vision Token Dropping: Towards Efficient Multimodal Large Language Model, arXiv 2411.10803,
    section 3: the stages of vision encoding and of prefilling.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"cls_attention", "text_attention", "marked"})
    positions: ClassVar[Literal["kept", "renumbered"]] = "renumbered"
    adaptive: ClassVar[bool] = True
    similarity: Annotated[float, Field(ge=-1, le=1)] = Field(
        0.8, description="least mean cosine of the pairs in a window of 3 x 3 patches that merges, in the first layer"
    )
    key_rate: Annotated[float, Field(ge=0, le=1)] = Field(
        0.08, description="share of the tokens that is never dropped, by the cls token's attention in the last layer"
    )
    layers: Annotated[tuple[Block, ...], Field(min_length=1)] | None = Field(
        None,
        description="layers by whose attention tokens are dropped, before the layer that follows, counted from 0; "
        "default: at 2, 6, 10 and 14 of 32",
    )
    global_threshold: Threshold | None = Field(
        None,
        description="a token is dropped below this share of all attention of the text to the image, and below the "
        "other threshold; default: an even share, 1 / number of image tokens",
    )
    individual_threshold: Threshold | None = Field(
        None, description="most attention that a single word may pay to a token that is dropped; default: as the other"
    )
    strictness: Annotated[float, Field(ge=0)] = Field(
        1.0, description="factor of both thresholds, and of what a merged window may lack to a cosine of 1; 0: none"
    )

    def acts_at(self, shape: Shape) -> Collection[int]:
        stages = {layer + 1 for layer in self.layers or at_depth((2, 6, 10, 14), 32, shape.depth)}
        check_stages(stages, shape.depth)
        return stages

    def encode(self, tokens: Tokens, tower: Tower) -> Tokens:
        if not self.strictness:
            return tokens
        windows = _windows(tower.grid, tokens.x.device)
        merged = _cosine(tower.states(0), windows) >= 1 - (1 - self.similarity) * self.strictness
        seat, given, into = (
            part.flatten().expand(len(tokens.x), -1)
            for part in (windows[:, 0], windows[:, 1:], windows[:, :1].expand(-1, PATCHES - 1))
        )
        gives = merged.repeat_interleave(PATCHES - 1, dim=1)
        gone = torch.zeros_like(tokens.x[..., 0], dtype=torch.bool).scatter(1, given, gives)
        looks = tower.cls_attention(tower.depth - 1).mean(dim=1)
        looks = looks.scatter(1, seat, looks[:, windows].mean(dim=-1).where(merged, looks.gather(1, seat)))
        tokens = pour(tokens, given, into, gives.to(tokens.x.dtype)).keep_where(~gone)
        return tokens.remember(marked=_best(looks, ~gone, self.key_rate))

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        if not self.strictness:
            return tokens
        looks = attention.text_attention.mean(dim=1)
        even = 1 / tokens.original
        least, most = (
            self.strictness * (even if one is None else one)
            for one in (self.global_threshold, self.individual_threshold)
        )
        each = looks.sum(dim=1)
        weak = (each < least * each.sum(dim=1, keepdim=True)) & (looks < most).all(dim=1)
        wanted = ~weak | attention.marked
        return tokens if bool(wanted.all()) else tokens.keep_where(wanted)

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"strictness": (1 - amount) / max(amount, 1e-6)})


def _windows(grid: tuple[int, int], device: torch.device) -> Tensor:
    """The patches of each whole window of 3 x 3, row by row ``[windows, 9]``."""
    offsets = torch.cartesian_prod(torch.arange(3), torch.arange(3)) @ torch.tensor([grid[1], 1])
    return (grid_destinations(*grid, (3, 3)).unsqueeze(1) + offsets).to(device)


def _cosine(states: Tensor, windows: Tensor) -> Tensor:
    """Mean cosine of the pairs of patches in each window ``[tiles, windows]``."""
    unit = nn.functional.normalize(states, dim=-1)[:, windows]
    return (unit.sum(dim=2).square().sum(dim=-1) - PATCHES) / (PATCHES * (PATCHES - 1))


def _best(score: Tensor, there: Tensor, rate: float) -> Tensor:
    """Which tokens are among the best, a share of those that are there, rounded up ``[tiles, patches]``."""
    rank = score.masked_fill(~there, -torch.inf).argsort(dim=1, descending=True).argsort(dim=1)
    return rank < (there.sum(dim=1, keepdim=True) * rate).ceil()
