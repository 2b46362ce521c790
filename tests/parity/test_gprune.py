"""G-Prune against numbers that the paper's own code gave."""

import numpy as np
import pytest
import torch

from prunarium import load
from prunarium.families import Layout
from prunarium.ops import Tokens

from . import recipe
from .vlm_models import cases

CASES = cases("gprune")


@pytest.fixture(scope="module")
def features():
    return recipe.draw(141, 0, (630, 16)).double() + 0.8 * recipe.draw(141, 1, (1, 16)).double()


@pytest.fixture(scope="module")
def newline():
    tiles = torch.tensor([False] * 8 + [True]).repeat(6)
    return torch.cat([torch.zeros(576, dtype=torch.bool), tiles])


def test_scores(features, newline):
    expected = CASES["a"]["outputs"]
    method = load("g-prune")
    for part, name in ((features[:576], "thumbnail"), (features[~newline][576:], "tiles")):
        # ours are relative: the official ones begin with the lengths themselves
        score = method.score(part[None])[0] * part.norm(dim=-1).mean()
        np.testing.assert_allclose(score[:12], expected[f"{name}_result_first12"], rtol=1e-6)
        if name == "thumbnail":
            np.testing.assert_allclose(score.sum(), expected["thumbnail_result_sum"], rtol=1e-6)


def test_selection(features, newline):
    tokens = Tokens(features[None], original=630)
    kept = load("g-prune").project(tokens, Layout((0, 0), 576, newline))
    assert kept.moves[0].position[0].tolist() == CASES["a"]["outputs"]["kept_sorted"]


def test_an_image_of_one_tile(features):
    tokens = Tokens(features[:576].view(2, 288, 16), original=288)
    method = load("g-prune", keep_rate=0.25)
    kept = method.project(tokens, Layout((16, 18), 288)).moves[0].position
    assert kept.shape == (2, 72)
    for sample in range(2):
        best = method.score(tokens.x[sample : sample + 1])[0].topk(72).indices
        assert kept[sample].tolist() == sorted(best.tolist())
