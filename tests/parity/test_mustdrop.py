"""MustDrop against a literal, slow implementation of what its code is described to do."""

import math
from itertools import combinations

import numpy as np
import pytest
import torch

from prunarium import load
from prunarium.families import Attention, Tower
from prunarium.ops import DROPPED, Tokens

from . import recipe

SIDE = 7  # two windows of 3 a side, and one patch left over


class Recorded(Tower):
    """A tower with given states behind its first layer and given attention of the cls token in its last."""

    depth, layer, grid, tiles = 4, 2, (SIDE, SIDE), None

    def __init__(self, first, looks):
        self.first, self.looks = first, looks

    def states(self, layer):
        assert layer == 0
        return self.first

    def cls_attention(self, layer=None):
        assert layer == self.depth - 1
        return self.looks

    cls = keys = queries = None


def images():
    """Two images, in which windows are alike to different degrees."""
    first = recipe.draw(1, 0, (2, SIDE * SIDE, 8)).double()
    for image, window in ((0, (0, 0)), (0, (3, 3)), (1, (0, 3))):
        patches = members(*window)
        first[image, patches] = 2 * first[image, patches[:1]] + 0.3 * first[image, patches]
    return (
        recipe.draw(2, 0, (2, SIDE * SIDE, 5)).double(),
        first,
        recipe.attention(3, (2, 3, SIDE * SIDE), 1.0).double(),
    )


def members(row, column):
    return [(row + down) * SIDE + column + right for down in range(3) for right in range(3)]


def cosine(one, other):
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def literal(x, first, looks):
    """The tokens that leave the tower, the places they take, and the places of the key tokens: of one image."""
    score, left = looks.mean(axis=0), {patch: x[patch] for patch in range(len(x))}
    rank = dict(enumerate(score))
    for row in (0, 3):
        for column in (0, 3):
            window = members(row, column)
            pairs = [cosine(first[one], first[other]) for one, other in combinations(window, 2)]
            if np.mean(pairs) >= 0.8:
                left[window[0]] = x[window].mean(axis=0)
                rank[window[0]] = score[window].mean()
                for patch in window[1:]:
                    del left[patch], rank[patch]
    keys = sorted(rank, key=lambda patch: -rank[patch])[: math.ceil(0.08 * len(rank))]
    return np.stack(list(left.values())), list(left), set(keys)


def test_encoding():
    x, first, looks = images()
    after = load("mustdrop").encode(Tokens(x, original=SIDE * SIDE), Recorded(first, looks))
    positions, counts = after.positions(), []
    for image in range(2):
        expected, places, keys = literal(*(part[image].numpy() for part in (x, first, looks)))
        there = positions[image] != DROPPED
        counts.append(len(places))
        assert positions[image][there].tolist() == places
        np.testing.assert_allclose(after.x[image][there], expected, atol=1e-12)
        assert set(after.memory["marked"][image].nonzero()[:, 0].tolist()) == keys
    assert counts == [49 - 16, 49 - 8]


@pytest.mark.parametrize("shares", [(None, None), (0.06, 0.3), (0.5, 0.05), (1.0, 0.0)])
def test_prefilling(shares):
    looks = recipe.attention(4, (1, 2, 5, 20), 1.0).double() * 0.6
    marked = torch.zeros(1, 20, dtype=torch.bool).index_fill(1, torch.tensor([1, 7]), True)
    method = load("mustdrop", global_threshold=shares[0], individual_threshold=shares[1])
    rows = {"text_attention": lambda: looks, "marked": lambda: marked}
    after = method.reduce(Tokens(torch.zeros(1, 20, 1), original=20), Attention(method.needs, rows), 3)

    mean = looks[0].mean(dim=0).numpy()
    least, most = (1 / 20 if share is None else share for share in shares)
    kept = [
        token
        for token in range(20)
        if token in (1, 7) or mean[:, token].sum() >= least * mean.sum() or mean[:, token].max() >= most
    ]
    found = after.moves[0].position[0].tolist() if after.moves else list(range(20))
    assert found == kept
    assert (len(kept) == 20) == (shares == (1.0, 0.0))  # the official defaults drop nothing
