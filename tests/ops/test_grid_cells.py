"""Cells of a grid: every token is in one, and they are as many as can be of the number asked for."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from prunarium.ops import grid_cells, nearest_size, windows

SIDES = st.integers(1, 14)


@given(SIDES, SIDES, st.data())
def test_cells_are_rectangles_of_about_equal_sides(rows, columns, data):
    new_rows, new_columns = data.draw(st.integers(1, rows)), data.draw(st.integers(1, columns))
    cells = grid_cells(rows, columns, new_rows, new_columns).view(rows, columns)
    assert cells.unique().tolist() == list(range(new_rows * new_columns))
    shapes = []
    for number in range(new_rows * new_columns):
        row, column = (cells == number).nonzero(as_tuple=True)
        height, width = (int(side.max() - side.min()) + 1 for side in (row, column))
        assert height * width == len(row)
        assert cells[row.min(), column.min()] // new_columns == number // new_columns
        shapes.append((height, width))
    for side in zip(*shapes, strict=True):
        assert max(side) - min(side) <= 1


@given(SIDES, SIDES, st.floats(0, 1), st.floats(0, 1))
def test_more_cells_for_more(rows, columns, one, other):
    few, many = (torch.tensor(nearest_size(rows, columns, rows * columns * x)).prod() for x in sorted((one, other)))
    assert few <= many
    assert nearest_size(rows, columns, rows * columns) == (rows, columns)
    assert nearest_size(rows, columns, 0) == (1, 1)


def test_sizes_of_the_usual_grids():
    assert [nearest_size(24, 24, 576 * share) for share in (0.5, 0.25, 1 / 9)] == [(16, 18), (12, 12), (8, 8)]
    assert nearest_size(12, 12, 72) == (8, 9)
    assert nearest_size(1, 30, 6) == (1, 6)


@given(SIDES, SIDES, st.data())
def test_windows_are_those_of_adaptive_pooling(rows, columns, data):
    size = data.draw(st.integers(1, rows)), data.draw(st.integers(1, columns))
    x = torch.randn(rows * columns, dtype=torch.double)
    window = windows(rows, columns, *size).double()
    pooled = torch.nn.functional.adaptive_avg_pool2d(x.view(1, 1, rows, columns), size).flatten()
    assert torch.allclose(window @ x / window.sum(dim=1), pooled)
    assert (window.sum(dim=0) >= 1).all()
    if rows % size[0] == columns % size[1] == 0:
        assert torch.equal(window.argmax(dim=0), grid_cells(rows, columns, *size))
