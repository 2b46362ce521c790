"""ATS: how many tokens it keeps, and what it refuses."""

import pytest
import torch

from prunarium import PrunariumError, load
from prunarium.families import shape_of

from ..families.conftest import make_timm


def images(size=64, count=4):
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(5))


@torch.inference_mode()
def test_counts_differ_by_image_and_never_exceed_the_samples():
    model = make_timm()
    with load("ats", samples=0.5, blocks=(1, 3)).apply(model) as handle:
        model(images())
        counts = handle.report().per_sample(4) - 1
    assert counts[:, 0].tolist() == [16] * 4
    assert counts.max(dim=0).values[1] <= 8
    assert len(set(counts[:, 3].tolist())) > 1


@torch.inference_mode()
def test_more_samples_keep_more():
    model, kept = make_timm(img_size=128), []
    for amount in (0.05, 0.3, 0.6, 0.9, 1.0):
        with load("ats").knob(amount, shape_of(load("ats"), model)).apply(model) as handle:
            model(images(128))
            kept.append(handle.report().budget)
    assert kept == sorted(kept)
    assert kept[-1] == 1


@torch.inference_mode()
def test_samples_follow_the_size_of_the_image():
    model = make_timm(dynamic_img_size=True)
    with load("ats", samples=0.25, blocks=(0,)).apply(model) as handle:
        model(images(128))
        assert (handle.report().per_sample(4) - 1).max() <= 16


def test_it_refuses():
    with pytest.raises(PrunariumError, match="samples=0"):
        load("ats", samples=0.0)
    with pytest.raises(PrunariumError, match="block 9 does not exist"):
        load("ats", blocks=(9,)).apply(make_timm())
    with pytest.raises(PrunariumError, match="cls"):
        load("ats").apply(make_timm(class_token=False, global_pool="avg"))
