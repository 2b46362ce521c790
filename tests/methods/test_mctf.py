"""MCTF: where it begins, and where it ends."""

import pytest
import torch

from prunarium import PrunariumError, load

from ..families.conftest import make_timm


@torch.inference_mode()
def run(method, **model):
    model = make_timm(**model)
    size = model.patch_embed.img_size[0]
    with method.apply(model) as handle:
        model(torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0)))
    return handle


def test_it_begins_before_block_1_and_leaves_at_least_ten():
    assert run(load("mctf", r=4)).report().tokens_out == [17, 13, 10, 10]
    assert run(load("mctf", r=4, at_least=3, first_block=0)).report().tokens_out == [13, 9, 5, 3]


def test_at_most_half_of_the_tokens_fuse_at_once():
    assert run(load("mctf", r=[0, 100], at_least=1), img_size=96).report().tokens_out == [37, 19, 19, 19]


def test_a_fused_model_reuses_its_attention():
    records = run(load("mctf", r=[0, 3])).records
    assert [record.reused for record in records] == [False, True, False, False]


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({"r": [3, 3]}, "before block 1"),
        ({"r": [0] * 5}, "r lists 5 blocks"),
        ({"r": 3, "first_block": 4}, "block 4 does not exist"),
    ],
)
def test_schedules_that_do_not_fit(parameters, fault):
    with pytest.raises(PrunariumError, match=fault):
        load("mctf", **parameters).apply(make_timm())


def test_a_temperature_of_zero():
    with pytest.raises(PrunariumError, match="size_temperature"):
        load("mctf", size_temperature=0)


def test_without_cls_token():
    handle = run(load("mctf", r=3), class_token=False, global_pool="avg")
    assert handle.report().tokens_out == [16, 13, 10, 10]
