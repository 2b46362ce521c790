"""Methods that make the patches of a tile a smaller grid, before the projector."""

import math
from abc import abstractmethod
from typing import Annotated

from pydantic import Field
from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families.vlm.kept_share import KeptShareMethod
from prunarium.families.vlm.tower import Tower
from prunarium.ops import Tokens, grid_cells, nearest_size, replace_groups


class RegridMethod(KeptShareMethod):
    """A method that makes a grid of new tokens of the patches of each tile. A subclass writes ``regrid``.

    Where every patch would be a cell of its own it does nothing. A new token takes the place of the first patch of its
    cell.
    """

    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.25, description="new tokens for each patch, as near as a grid of about the tile's proportions comes to it"
    )

    @abstractmethod
    def regrid(self, patches: Tensor, tower: Tower, size: tuple[int, int]) -> Tensor:
        """The new tokens, row by row ``[tiles, rows * columns, dim]``.

        Args:
            patches: in their grid ``[tiles, dim, rows, columns]``.
            tower: what the vision tower has to offer.
            size: rows and columns of the new grid.
        """

    def encode(self, tokens: Tokens, tower: Tower) -> Tokens:
        if math.prod(tower.grid) != tokens.count:
            raise PrunariumError(f"{type(self).__name__} needs all patches of a tile; let nothing reduce them before")
        size = nearest_size(*tower.grid, tokens.count * self.keep_rate)
        if size == tower.grid:
            return tokens
        x = self.regrid(tokens.x.transpose(1, 2).unflatten(2, tower.grid), tower, size)
        cells = grid_cells(*tower.grid, *size).to(x.device)
        return replace_groups(tokens, cells.expand(len(x), -1), x)
