"""GlobalCom2 against numbers that the paper's own code gave."""

import numpy as np
import pytest
import torch

from prunarium import load
from prunarium.ops import Tokens

from . import recipe
from .vlm_models import cases

CASES = cases("globalcom2")
SEEDS = {"grid2x2": (121, 1.0), "grid3x1": (122, 2.0)}


class Tower:
    """The recorded attention of the cls token, as a tower of one head has it."""

    def __init__(self, case):
        seed, gain = SEEDS[case["case"]]
        params = case["params"]
        side, count = params["side"], params["grid_w"] * params["grid_h"]
        thumbnail = 16 * recipe.draw(seed, 0, (side**2,), "feature", gain).double().softmax(-1)
        crops = [recipe.draw(seed, 40 + i, (side**2,)).double().softmax(-1) for i in range(count)]
        self.rows = torch.stack([thumbnail, *crops])
        self.grid, self.tiles = (side, side), (params["grid_h"], params["grid_w"])

    def cls_attention(self):
        return self.rows.unsqueeze(1)


def method_of(case):
    return load("globalcom2", keep_rate=case["params"]["retention"], temperature=case["params"]["temperature"])


@pytest.mark.parametrize("name", CASES)
def test_shares_of_the_tiles(name):
    case = CASES[name]
    tower = Tower(case)
    shares = method_of(case).shares(tower.rows[0].view(tower.grid), tower.tiles)
    np.testing.assert_allclose(shares, case["outputs"]["scales"], atol=2e-7)


@pytest.mark.parametrize("name", CASES)
def test_selection(name):
    case, tower = CASES[name], Tower(CASES[name])
    patches = case["params"]["side"] ** 2
    tokens = Tokens(torch.zeros(len(tower.rows), patches, 1), original=patches)
    kept = method_of(case).encode(tokens, tower)
    positions = kept.moves[0].position
    expected = [case["outputs"]["thumbnail_kept_in_output_order"], *case["outputs"]["kept_per_crop_in_output_order"]]
    assert [row[row >= 0].tolist() for row in positions] == expected
    assert kept.there is None or kept.there.sum(dim=1).tolist() == [len(row) for row in expected]


def test_an_image_of_one_tile_has_the_thumbnail_alone():
    case = CASES["grid2x2"]
    tower = Tower(case)
    tower.rows, tower.tiles = tower.rows[:1], None
    kept = method_of(case).encode(Tokens(torch.zeros(1, 144, 1), original=144), tower)
    assert kept.moves[0].position[0].tolist() == case["outputs"]["thumbnail_kept_in_output_order"]
