"""Elastic Cache against a literal implementation of the paper's section 3.2; there are no official numbers."""

import itertools
import math

import pytest
import torch

from prunarium import load

from .cached import TOKENS, layers_of


def buckets(anchors):
    """Tokens that are averaged into each anchor."""
    ends = [math.floor((one + other) / 2) for one, other in itertools.pairwise(anchors)]
    starts = [0, *(end + 1 for end in ends)]
    return [range(start, end + 1) for start, end in zip(starts, [*ends, TOKENS - 1], strict=True)]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.83])
def test_every_layer_holds_the_means_of_its_buckets(share):
    for layer in layers_of(load("elastic-cache", keep_rate=share)):
        for sample in range(2):
            heads = layer.attention.shape[1]
            importance = [
                sum(float(layer.attention[sample, head, :, token].sum()) for head in range(heads)) / heads
                for token in range(TOKENS)
            ]
            count = int(share * TOKENS)
            anchors = sorted(sorted(range(TOKENS), key=lambda token: -importance[token])[:count])
            for head in range(2):
                assert layer.kept(sample, head) == anchors
                expected = [
                    torch.stack([part[sample, head, list(bucket)].mean(dim=0) for bucket in buckets(anchors)])
                    for part in (layer.keys, layer.values)
                ]
                layer.check(sample, head, *expected)
