"""PPT: its branches, its counts, and what it refuses."""

import pytest
import torch

from prunarium import PrunariumError, load
from prunarium.families import shape_of, tokens_per_block
from prunarium.ops import DROPPED

from ..families.conftest import make_timm


@torch.inference_mode()
def test_the_threshold_decides_between_dropping_and_pooling():
    model = make_timm()
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(5))
    for threshold, dropped in ((0.0, 5), (1.0, 0)):
        with load("ppt", r=5, blocks=(1,), threshold=threshold).apply(model) as handle:
            model(images)
            assert ((handle.source() == DROPPED).sum(dim=1) == dropped).all()
            assert handle.report().tokens_out == [17, 12, 12, 12]


def test_half_of_the_tokens_is_the_most_that_goes():
    shape = shape_of(load("ppt"), make_timm())
    assert tokens_per_block(load("ppt", r=99), shape) == [17, 9, 5, 3]


def test_the_knob_is_even_and_goes_below_half_at_each_stage():
    shape = shape_of(load("ppt"), make_timm(depth=12, img_size=224))
    counts = [sum(tokens_per_block(load("ppt").knob(step / 20, shape), shape)) for step in range(21)]
    assert counts == sorted(counts)
    assert counts[0] < 0.2 * 12 * 197
    assert counts[-1] == 12 * 197
    kept = tokens_per_block(load("ppt").knob(0.75, shape), shape)
    assert kept == [197] * 3 + [148] * 3 + [123] * 3 + [111] * 3


def test_it_refuses():
    model = make_timm()
    with pytest.raises(PrunariumError, match="r lists 5 blocks, the model has 4"):
        load("ppt", r=[1] * 5).apply(model)
    with pytest.raises(PrunariumError, match="block 6 does not exist"):
        load("ppt", blocks=(3, 6, 9)).apply(model)
    with pytest.raises(PrunariumError, match="cls"):
        load("ppt").apply(make_timm(class_token=False, global_pool="avg"))
    with pytest.raises(PrunariumError, match="r=-1"):
        load("ppt", r=-1)
