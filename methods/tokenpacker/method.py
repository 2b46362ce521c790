from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from prunarium.families import Block, LearnedVlmMethod, RegridMethod, Shape, Tower, check_stages
from prunarium.ops import windows


class TokenPacker(LearnedVlmMethod, RegridMethod):
    """Make each region of a tile one token: a coarse query gathers what several layers of the tower say of it.

    Li et al., TokenPacker: Efficient Visual Projector for Multimodal LLM, IJCV 2025 (arXiv 2407.02392), region-to-point
    injection. The paper makes 144, 64 or 36 tokens of 576; the tower's layers are 12, 16, 22 and 23 of 24.
    """

    layers: Annotated[tuple[Block, ...], Field(min_length=1)] | None = Field(
        None,
        description="layers of the tower whose outputs are gathered, counted from 0; default: four, at the paper's "
        "shares of the way to the model's own features",
    )
    heads: Annotated[int, Field(ge=1, strict=True)] = Field(8, description="of the attention of queries to regions")
    residual: bool = Field(
        True, description="whether what a query gathers is added to it; the paper puts it in the query's place"
    )

    def parts(self, shape: Shape) -> "Injection":
        if self.layers is not None:
            check_stages(self.layers, shape.tower_depth)
        return Injection(shape.tower_dim, len(self.layers or SHARES), self.heads, self.residual)

    def regrid(self, patches: Tensor, tower: Tower, size: tuple[int, int]) -> Tensor:
        layers = self.layers or [round(share * tower.layer) for share in SHARES]
        query = nn.functional.interpolate(patches, size, mode="bilinear").flatten(2).transpose(1, 2)
        points = torch.cat([tower.states(layer) for layer in layers], dim=-1)
        return self.learned(query, points, windows(*tower.grid, *size).to(query.device))


SHARES = (11 / 22, 15 / 22, 21 / 22, 1.0)
"""The paper's layers, counted from 0, of the one whose output LLaVA takes from a tower of 24 layers."""


class Injection(nn.Module):
    """Cross-attention of coarse queries to the points of their regions. With a residual, it begins as the queries."""

    def __init__(self, dim: int, levels: int, heads: int, residual: bool) -> None:
        super().__init__()
        self.query = nn.Sequential(nn.Linear(dim, dim, bias=False), nn.LayerNorm(dim))
        self.key, self.value = (
            nn.Sequential(nn.Linear(levels * dim, dim), nn.GELU(), nn.Linear(dim, dim), nn.LayerNorm(dim))
            for _ in range(2)
        )
        self.attention = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.residual = residual
        if residual:
            nn.init.zeros_(self.attention.out_proj.weight)

    def forward(self, query: Tensor, points: Tensor, region: Tensor) -> Tensor:
        """What the queries become ``[tiles, queries, dim]``.

        Args:
            query: ``[tiles, queries, dim]``.
            points: outputs of all levels ``[tiles, patches, levels * dim]``.
            region: which patches are of the region of each query ``[queries, patches]``.
        """
        gathered, _ = self.attention(
            self.query(query), self.key(points), self.value(points), need_weights=False, attn_mask=~region
        )
        return query + gathered if self.residual else gathered
