from typing import Annotated, Self

import torch
from pydantic import Field
from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families import Layout, Shape, VlmMethod
from prunarium.ops import Tokens, grid_cells, merge_groups, nearest_size


class GridPooling(VlmMethod):
    """Replace each cell of a grid over the image by the mean of its tokens: what every method of this family must beat.

    It acts between projector and language model. Of an image in tiles, the thumbnail is pooled, and the tiles put
    together, a newline behind each row of cells.
    """

    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.25, description="cells for each token, as near as a grid of about the image's proportions comes to it"
    )

    def project(self, tokens: Tokens, layout: Layout) -> Tokens:
        if layout.grid == (0, 0):
            raise PrunariumError("GridPooling needs the whole grid of the image; let nothing reduce it before")
        group = self._cells(*layout.grid)
        lines = 0 if layout.newline is None else int(layout.newline.sum())
        if lines:
            columns = (tokens.count - layout.thumbnail) // lines - 1
            group = torch.cat([group, self._cells(lines, columns, newline=True) + group[-1] + 1])
        count = int(group[-1]) + 1
        if count == tokens.count:
            return tokens
        return merge_groups(tokens, group.to(tokens.x.device).expand(len(tokens.x), -1), count)

    def _cells(self, rows: int, columns: int, newline: bool = False) -> Tensor:
        """The cell of each token, row by row; with newlines, those of a row of cells become the one behind it."""
        new_rows, new_columns = nearest_size(rows, columns, rows * columns * self.keep_rate)
        cells = grid_cells(rows, columns, new_rows, new_columns)
        if not newline:
            return cells
        row, column = cells // new_columns, cells % new_columns
        cells = (row * (new_columns + 1) + column).view(rows, columns)
        ends = row.view(rows, columns)[:, :1] * (new_columns + 1) + new_columns
        return torch.cat([cells, ends], dim=1).flatten()

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"keep_rate": max(amount, 1e-6)})
