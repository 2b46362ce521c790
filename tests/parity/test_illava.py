"""iLLaVA against a literal, slow implementation of what its code is described to do."""

import numpy as np
import pytest
import torch

from prunarium import load
from prunarium.families import Attention
from prunarium.ops import Tokens

from . import recipe


def literal(x, attention, kept):
    """The tokens left and whose place each takes: of one sample, token by token."""
    score = attention.mean(axis=0)
    order = sorted(range(len(x)), key=lambda token: -score[token])
    lost = len(x) - kept
    lowest = order[kept - 1 :]
    assert len(lowest) == lost + 1
    weights = np.arange(1, lost + 2, dtype=np.float64)  # from the best of them to the worst
    weights /= weights.sum()
    merged = sum(weight * x[token] for weight, token in zip(weights, lowest, strict=True))
    left = {**{token: x[token] for token in order[: kept - 1]}, lowest[0]: merged}
    places = sorted(left)
    return np.stack([left[place] for place in places]), places


@pytest.mark.parametrize("drop_rate, kept", [(0.7, 6), (0.5, 10), (0.05, 19), (0.99, 1)])
def test_merging(drop_rate, kept):
    x = recipe.draw(5, 0, (2, 20, 6)).double()
    attention = recipe.attention(6, (2, 3, 20), gain=1.0).double()
    method = load("illava", drop_rate=drop_rate)
    after = method.reduce(Tokens(x), Attention(method.needs, {"last_attention": lambda: attention}), 1)
    for sample in range(2):
        expected, places = literal(x[sample].numpy(), attention[sample].numpy(), kept)
        np.testing.assert_allclose(after.x[sample], expected, atol=1e-12)
        assert after.moves[0].position[sample].tolist() == places


def test_a_large_merge_stays_finite_in_half_precision():
    x = torch.full((1, 600, 2), 3.0, dtype=torch.float16)
    attention = recipe.attention(6, (1, 3, 600), gain=1.0).half()
    method = load("illava")
    after = method.reduce(Tokens(x), Attention(method.needs, {"last_attention": lambda: attention}), 1)
    assert after.x.dtype == torch.float16
    assert torch.allclose(after.x, torch.tensor(3.0).half(), atol=0.02)


def test_it_merges_before_layer_8_of_28():
    from prunarium.families import Shape

    assert load("illava").acts_at(Shape("vlm", 28, 0, None, (0,), 8)) == (8,)
