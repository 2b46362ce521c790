"""Zero-TPrune: where it can act."""

import pytest
import torch

from prunarium import PrunariumError, load

from ..families.conftest import make_timm

X = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@torch.inference_mode()
def test_without_cls_token_and_on_another_size():
    model = make_timm(class_token=False, global_pool="avg", dynamic_img_size=True)
    with load("zero-tprune", keep_rate=0.5).apply(model) as handle:
        assert model(torch.randn(1, 3, 96, 96)).isfinite().all()
    assert handle.report().tokens_out == [36, 18, 9, 5]


@torch.inference_mode()
def test_there_is_no_attention_before_the_first_block():
    model = make_timm()
    with load("zero-tprune", blocks=[0]).apply(model), pytest.raises(PrunariumError, match="begin later"):
        model(X)


def test_it_cannot_be_trained():
    model = make_timm().train()
    with load("zero-tprune").apply(model), pytest.raises(PrunariumError, match="no rule for training"):
        model(X)


@pytest.mark.parametrize("parameters", [{"keep_rate": 0.0}, {"rounds": [0, 1, 1]}, {"similar_share": 1.5}])
def test_parameters_that_make_no_sense(parameters):
    with pytest.raises(PrunariumError, match=next(iter(parameters))):
        load("zero-tprune", **parameters)
