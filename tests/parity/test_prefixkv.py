"""PrefixKV against a literal implementation of the paper's algorithm 1, with its bisection; there are no official
numbers."""

import pytest
import torch

from prunarium import load
from tests.bisection import bisected

from .cached import TOKENS, layers_of


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_every_layer_holds_the_same_share_of_its_importance(share):
    layers = layers_of(load("prefixkv", keep_rate=share))
    for sample in range(2):
        importance = [layer.attention[sample].double().mean(dim=0).sum(dim=0).tolist() for layer in layers]
        counts = bisected([sorted(one, reverse=True) for one in importance], int(share * len(layers) * TOKENS))
        assert sum(counts) == int(share * len(layers) * TOKENS)
        assert len(set(counts)) > 1
        for layer, scores, count in zip(layers, importance, counts, strict=True):
            middle = sorted(range(1, TOKENS - 1), key=lambda token: -scores[token])
            kept = sorted([0, TOKENS - 1, *middle[: count - 2]])
            for head in range(2):
                assert layer.kept(sample, head) == kept
                layer.check(sample, head, layer.keys[sample, head, kept], layer.values[sample, head, kept])


def test_the_first_and_the_last_are_a_setting():
    layers = layers_of(load("prefixkv", keep_rate=0.3, first=3, last=5))
    ends = [0, 1, 2, *range(TOKENS - 5, TOKENS)]
    assert all(set(ends) <= set(layer.kept(0, 0)) for layer in layers)
    assert torch.equal(layers[0].left.place[0, 0], layers[0].left.place[0, 1])
