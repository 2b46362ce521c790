from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from prunarium.families import KeptShareMethod, Tower
from prunarium.ops import Tokens, top


class GlobalCom2(KeptShareMethod):
    """Keep the patches that the cls token attends to, in each tile as many as the thumbnail says.

    Liu et al., Global Compression Commander: Plug-and-Play Inference Acceleration for High-Resolution Large
    Vision-Language Models, AAAI 2026 (arXiv 2501.05179). A model that sees every image as one tile has the
    thumbnail alone.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"cls_attention"})
    adaptive: ClassVar[bool] = True
    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.25, description="share of the thumbnail's patches left, and of the tiles' patches on average"
    )
    temperature: Annotated[float, Field(gt=0, strict=True)] = Field(
        10.0, description="a higher one gives the tiles more equal shares"
    )

    def encode(self, tokens: Tokens, tower: Tower) -> Tokens:
        if self.keep_rate == 1:
            return tokens
        score = tower.cls_attention().sum(dim=1)
        kept = [self.kept(tokens.count)] * len(score)
        if tower.tiles is not None:
            thumbnail = score[0].view(tower.grid)
            shares = self.shares(thumbnail, tower.tiles)
            kept[1:] = [int(tokens.count * share) for share in shares.tolist()]
            tiles = nn.functional.normalize(score[1:], dim=1) + nn.functional.normalize(_cut(thumbnail, tower.tiles))
            score = torch.cat([score[:1], tiles])
        counts, columns = torch.tensor(kept, device=score.device), torch.arange(max(kept), device=score.device)
        return tokens.keep(top(score, max(kept)), there=columns < counts.unsqueeze(1))

    def shares(self, thumbnail: Tensor, tiles: tuple[int, int]) -> Tensor:
        """Share of the patches that each tile keeps ``[tiles]``: more where the thumbnail's part of it gets more.

        Args:
            thumbnail: attention of its patches ``[rows, columns]``.
            tiles: rows and columns of tiles.
        """
        row, column = (
            (torch.arange(side) // max(1, side // count)).clamp(max=count - 1)
            for side, count in zip(thumbnail.shape, tiles, strict=True)
        )
        part = (row.unsqueeze(1) * tiles[1] + column).flatten().to(thumbnail.device)
        sums = thumbnail.new_zeros(tiles[0] * tiles[1]).index_add(0, part, thumbnail.flatten())
        above = (sums / self.temperature).softmax(dim=0) - 1 / len(sums)
        return (self.keep_rate * (1 + above)).clamp(max=1)


def _cut(thumbnail: Tensor, tiles: tuple[int, int]) -> Tensor:
    """The thumbnail's map ``[rows, columns]``, made as large as all tiles and cut into them ``[tiles, patches]``."""
    rows, columns = thumbnail.shape
    size = (rows * tiles[0], columns * tiles[1])
    large = nn.functional.interpolate(thumbnail[None, None], size, mode="bilinear", align_corners=False)[0, 0]
    return large.view(tiles[0], rows, tiles[1], columns).transpose(1, 2).reshape(-1, rows * columns)
