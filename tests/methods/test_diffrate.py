"""DiffRate: its schedules, and what it refuses."""

import pytest
import torch

from prunarium import PrunariumError, load
from prunarium.families import shape_of, tokens_per_block
from prunarium.ops import DROPPED

from ..families.conftest import make_timm


@torch.inference_mode()
def test_it_prunes_then_merges():
    model = make_timm()
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(5))
    with load("diffrate", after_pruning=[17, 14, 10], after_merging=[17, 11, 10]).apply(model) as handle:
        model(images)
    assert handle.report().tokens_out == [17, 11, 10, 10]
    assert ((handle.source() == DROPPED).sum(dim=1) >= 3).all()
    assert ((handle.source(1) == DROPPED).sum(dim=1) == 3).all()


def test_pruning_goes_half_way_unless_told():
    method = load("diffrate", after_merging=[15, 10, 10, 6])
    assert method.fit(shape_of(method, make_timm())).after_pruning == [16, 13, 10, 8]


@torch.inference_mode()
def test_counts_beyond_a_smaller_image_keep_everything():
    model = make_timm(dynamic_img_size=True)
    with load("diffrate", after_merging=[16, 8, 8, 8]).apply(model) as handle:
        model(torch.randn(1, 3, 48, 48))
    assert handle.report().tokens_out == [10, 8, 8, 8]


def test_the_knob_is_even():
    shape = shape_of(load("diffrate"), make_timm(depth=12, img_size=224))
    counts = [sum(tokens_per_block(load("diffrate").knob(step / 20, shape), shape)) for step in range(21)]
    assert counts == sorted(counts)
    assert counts[0] < 12 * 5
    assert counts[-1] == 12 * 197


@pytest.mark.parametrize(
    ("schedules", "fault"),
    [
        ({"after_merging": [17] * 5}, "lists 5 blocks, the model has 4"),
        ({"after_merging": [17, 1]}, "more tokens than the prefix"),
        ({"after_merging": [17, 0]}, "greater than or equal to 1"),
        ({"after_pruning": [17, 12]}, "must list the same blocks"),
        ({"after_pruning": [17, 10], "after_merging": [17, 12]}, "leaves more tokens than after_pruning"),
    ],
)
def test_it_refuses(schedules, fault):
    with pytest.raises(PrunariumError, match=fault):
        load("diffrate", **schedules).apply(make_timm())
