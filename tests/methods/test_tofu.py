"""ToFu: where it drops, where it merges, and what it refuses."""

import pytest
import torch

from prunarium import PrunariumError, load
from prunarium.families import shape_of, tokens_per_block
from prunarium.ops import DROPPED

from ..families.conftest import make_timm


@torch.inference_mode()
def test_the_early_half_drops_and_the_late_half_merges():
    model = make_timm()
    with load("tofu", r=2).apply(model) as handle:
        model(torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(5)))
        lost = [(handle.source(block) == DROPPED).sum(dim=1).tolist() for block in range(4)]
    assert lost == [[2] * 3, [4] * 3, [4] * 3, [4] * 3]
    assert handle.report().tokens_out == [15, 13, 11, 9]


def test_half_of_the_tokens_is_the_most_that_goes_and_the_prefix_stays():
    shape = shape_of(load("tofu"), make_timm())
    assert tokens_per_block(load("tofu", r=99), shape) == [9, 5, 3, 2]


def test_it_refuses():
    model = make_timm()
    with pytest.raises(PrunariumError, match="r lists 5 blocks, the model has 4"):
        load("tofu", r=[1] * 5).apply(model)
    with pytest.raises(PrunariumError, match="block 4 does not exist"):
        load("tofu", pruning_blocks=5).apply(model)
    with pytest.raises(PrunariumError, match="merge='max'"):
        load("tofu", merge="max")
