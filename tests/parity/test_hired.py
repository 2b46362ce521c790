"""HiRED against numbers that the paper's own code gave on drawn attention."""

import pytest
import torch

from prunarium import load
from prunarium.families import Tower
from prunarium.families.vlm.pictures import packed
from prunarium.ops import Tokens

from . import recipe
from .vlm_models import cases, check_summary

CASES = cases("hired")
TILED = [name for name in CASES if name != "llava15"]


class Drawn(Tower):
    """A tower of 24 layers, of which nothing but attention is known."""

    depth, layer, cls, states, keys, queries = 24, 22, None, None, None, None

    def __init__(self, attention: dict[int, torch.Tensor], tiles: tuple[int, int] | None) -> None:
        self._attention, self.tiles = attention, tiles

    def cls_attention(self, layer: int | None = None) -> torch.Tensor:
        return self._attention[self.layer if layer is None else layer][:, :, 0, 1:]


def reduced(case) -> Tokens:
    params = case["params"]
    patches, heads = params.get("patches_per_tile", params.get("patches")), params["heads"]
    tiles = params.get("tiles_including_full", 1)
    seed = int(case["inputs"]["layer22_attention"].split("(")[1].split(",")[0])
    drawn = {
        layer: recipe.attention(start, (tiles, heads, patches + 1, patches + 1), 1.5).double()
        for layer, start in ((22, seed), (0, seed % 1000))
    }
    grid = params.get("grid_rows_cols")
    method = load("hired", keep_rate=params["token_budget_rate"], alpha=params.get("alpha", 0.5))
    features = recipe.draw(seed % 1000, 5, (tiles, patches, 8)).double()
    return method.encode(Tokens(features, original=patches), Drawn(drawn, grid and tuple(grid)))


def kept(tokens: Tokens) -> list[list[int]]:
    return [[place for place in row if place >= 0] for row in tokens.positions().tolist()]


@pytest.mark.parametrize("name", TILED)
def test_budgets_and_selection_of_tiles(name):
    expected = CASES[name]["outputs"]
    found = kept(reduced(CASES[name]))
    assert [len(tile) for tile in found] == expected["counts"]
    assert found == [expected["kept_full_image"], *expected["kept_per_tile"]]


def test_selection_of_one_tile():
    assert kept(reduced(CASES["llava15"])) == [CASES["llava15"]["outputs"]["kept"]]


def places(rows: int, columns: int, side: int) -> torch.Tensor:
    """The thumbnail's patches, then those of the tiles put together row by row, a newline behind each row."""
    each = side * side
    tiles = torch.arange(each, (rows * columns + 1) * each).view(rows, columns, side, side)
    image = tiles.permute(0, 2, 1, 3).flatten(2).flatten(0, 1)
    return torch.cat([torch.arange(each), torch.nn.functional.pad(image, (0, 1), value=-1).flatten()])


def test_packed_tokens_of_a_square_grid():
    case = CASES["grid2x2"]
    picture, _ = packed(reduced(case), places(2, 2, 8), None)
    check_summary(picture.features, case["outputs"]["packed"], 1e-6)


@pytest.mark.parametrize("name, swapped", [("grid1x3", (3, 1)), ("grid2x1", (1, 2))])
def test_the_official_packing_of_other_grids_is_of_the_same_tokens(name, swapped):
    """It swaps rows and columns, and takes what does not fit the image for padding: of our tokens, some are missing."""
    case = CASES[name]
    rows, columns = case["params"]["grid_rows_cols"]
    tokens, side = reduced(case), 6
    swapped_places = places(*swapped, side)
    image = swapped_places[side * side :].view(swapped[0] * side, -1)
    # an image as wide and high as the true grid, unpadded from one that is as high as it is wide
    height, width = swapped[0] * side, swapped[1] * side
    if columns / rows > width / height:
        cut = (height - int(round(rows * width / columns, 7))) // 2
        image = image[cut : height - cut]
    else:
        cut = (width - int(round(columns * height / rows, 7))) // 2
        image = torch.cat([image[:, cut : width - cut], image[:, -1:]], dim=1)
    official, _ = packed(tokens, torch.cat([torch.arange(side * side), image.flatten()]), None)
    check_summary(official.features, case["outputs"]["packed"], 1e-6)
    ours, _ = packed(tokens, places(rows, columns, side), None)
    assert len(ours.features) == sum(case["outputs"]["counts"])
    rows_of = {tuple(row) for row in ours.features.tolist()}
    assert {tuple(row) for row in official.features.tolist()} < rows_of
