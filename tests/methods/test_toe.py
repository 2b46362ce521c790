"""ToE: its stages."""

import pytest
import torch

from prunarium import PrunariumError, load

from ..families.conftest import make_timm

X = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("stage", "left"), [(1, 9), (2, 13), (3, 17)])
@torch.inference_mode()
def test_stages(stage, left):
    model = make_timm()
    with load("toe", stage=stage).apply(model) as handle:
        model(X)
    assert handle.report().tokens_out == [17, left, left, left]
    assert bool(handle.report().blocks[1].moves) == (stage < 3)


@torch.inference_mode()
def test_every_token_lives_on_in_the_nearest_one():
    model = make_timm()
    with load("toe").apply(model) as handle:
        model(X)
        home = handle.source()
        size = model.blocks[0].forward.__self__.passage.size
    assert torch.equal(size, torch.stack([torch.bincount(row, minlength=9) for row in home]).float())


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({"keep_rates": [0.5, 0.3]}, "must rise"),
        ({"initial_rate": 0.9}, "must rise"),
        ({"stage": 4}, "stage 4 has no keep rate"),
        ({"keep_rates": [0.0]}, "keep_rates"),
    ],
)
def test_parameters_that_make_no_sense(parameters, fault):
    with pytest.raises(PrunariumError, match=fault):
        load("toe", **parameters)


def test_a_model_of_one_block():
    with pytest.raises(PrunariumError, match="block 1 does not exist"):
        load("toe").apply(make_timm(depth=1))
