"""Grid pooling: means of the cells of a grid, on every way from a tower to a language model."""

import pytest
import torch
from torch.nn.functional import avg_pool2d

from prunarium import PrunariumError, load
from prunarium.families import Layout, Shape, tokens_per_block, with_budget
from prunarium.ops import Tokens

from .vlm_models import MODELS, one_of, prompt_for


def pooled(x, side):
    """``x`` ``[rows, columns, dim]`` in equal cells, row by row."""
    return avg_pool2d(x.permute(2, 0, 1), side).permute(1, 2, 0)


def test_equal_cells_are_average_pooling():
    x = torch.randn(2, 8 * 12, 5, generator=torch.Generator().manual_seed(0))
    after = load("grid-pooling", keep_rate=0.25).project(Tokens(x, original=96), Layout((8, 12), 96))
    due = torch.stack([pooled(one.view(8, 12, 5), 2).flatten(0, 1) for one in x])
    torch.testing.assert_close(after.x, due)
    assert after.positions()[0, :7].tolist() == [0, 2, 4, 6, 8, 10, 24]


def test_thumbnail_and_tiles_are_pooled_apart_and_rows_end_with_a_newline():
    thumbnail, image = torch.randn(1, 4, 4, 3), torch.randn(1, 8, 6, 3)
    newline = torch.full((3,), 9.0)
    rows = torch.cat([image[0], newline.expand(8, 1, 3)], dim=1).flatten(0, 1)
    x = torch.cat([thumbnail.flatten(1, 2)[0], rows])
    is_newline = (x == 9).all(dim=1)
    after = load("grid-pooling", keep_rate=0.25).project(
        Tokens(x[None], original=len(x)), Layout((4, 4), 16, is_newline)
    )
    lines = torch.cat([pooled(image[0], 2), newline.expand(4, 1, 3)], dim=1).flatten(0, 1)
    torch.testing.assert_close(after.x[0], torch.cat([pooled(thumbnail[0], 2).flatten(0, 1), lines]))


@pytest.mark.parametrize("kind", MODELS)
@torch.inference_mode()
def test_it_pools_on_every_model(kind):
    model = MODELS[kind]()
    prompt = one_of(prompt_for(model), 0)
    with load("grid-pooling").apply(model) as handle:
        model(**prompt)
        report, home = handle.report(), handle.source()[0]
    assert 0.2 < report.budget < 0.35
    assert home.unique().tolist() == list(range(report.tokens_out[0]))


def test_budgets():
    shape = Shape("vlm", depth=4, prefix=0, tokens=144, stages=(0,), dim=8)
    for budget, count in ((0.5, 72), (0.25, 36), (0.11, 16)):
        assert tokens_per_block(with_budget(load("grid-pooling"), budget, shape), shape) == [count] * 4


def test_a_grid_with_holes_is_refused():
    with pytest.raises(PrunariumError, match="needs the whole grid"):
        load("grid-pooling").project(Tokens(torch.zeros(1, 5, 2), original=5), Layout((0, 0), 5))
