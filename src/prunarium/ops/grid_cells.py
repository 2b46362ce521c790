"""Grids of tokens, cut into equal cells."""

import torch
from torch import Tensor


def grid_cells(rows: int, columns: int, new_rows: int, new_columns: int) -> Tensor:
    """For every token of a grid the cell that it lies in, tokens and cells counted row by row ``[tokens]``.

    Every token is in one cell; sides of cells differ by one token at most.

    Args:
        rows: of tokens.
        columns: of tokens.
        new_rows: rows of cells, at most ``rows``.
        new_columns: columns of cells, at most ``columns``.
    """
    row = torch.arange(rows) * new_rows // rows
    column = torch.arange(columns) * new_columns // columns
    return (row.unsqueeze(1) * new_columns + column).flatten()


def nearest_size(rows: int, columns: int, count: float) -> tuple[int, int]:
    """Rows and columns of cells whose number comes nearest to ``count``, among sizes of about the grid's proportions.

    A larger ``count`` never gets fewer cells. One side of a cell is at most 1.5 times as long as the other, unless the
    cell is as long as the grid on its shorter side.
    """

    def fits(one: int, other: int) -> bool:
        not_wide = one == 1 or 2 * one * columns <= 3 * other * rows
        return not_wide and (other == 1 or 2 * other * rows <= 3 * one * columns)

    sizes = [(one, other) for one in range(1, rows + 1) for other in range(1, columns + 1) if fits(one, other)]
    return min(
        sizes,
        key=lambda size: (abs(size[0] * size[1] - count), size[0] * size[1], abs(size[0] * columns - size[1] * rows)),
    )


def windows(rows: int, columns: int, new_rows: int, new_columns: int) -> Tensor:
    """Which tokens of a grid each cell of a new grid covers, row by row ``[cells, tokens]``.

    As in torch's adaptive pooling: no token is left out, and where the sides do not divide cells share some.

    Args:
        rows: of tokens.
        columns: of tokens.
        new_rows: rows of cells.
        new_columns: columns of cells.
    """
    row, column = _along(rows, new_rows), _along(columns, new_columns)
    both = row[:, None, :, None] & column[None, :, None, :]
    return both.flatten(2).flatten(0, 1)


def _along(tokens: int, cells: int) -> Tensor:
    """The same on one side ``[cells, tokens]``."""
    cell, token = torch.arange(cells).unsqueeze(1), torch.arange(tokens)
    return (token >= cell * tokens // cells) & (token * cells < (cell + 1) * tokens)
