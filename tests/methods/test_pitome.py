"""PiToMe: whom it protects, how many it keeps, and what it refuses."""

import pytest
import torch

from prunarium import PrunariumError, load
from prunarium.families import Attention, shape_of, tokens_per_block
from prunarium.ops import Tokens, groups

from ..families.conftest import make_timm


def test_a_token_that_stands_alone_is_protected():
    generator = torch.Generator().manual_seed(0)
    keys = torch.tensor([1.0, 0, 0]) + 0.1 * torch.randn(1, 9, 3, generator=generator)
    keys[0, 4] = torch.tensor([0.0, 0, 1])
    method = load("pitome", keep_rate=[0.7], bipartite_blocks=0)
    tokens = Tokens(torch.randn(1, 9, 2, generator=generator), prefix=1)
    offered = Attention(method.needs, {"keys": lambda: keys.unsqueeze(1)})
    home = groups(method.reduce(tokens, offered, block=0).moves, 1, 9)[0]
    assert len(set(home.tolist())) == 7
    assert (home == home[4]).sum() == 1


def test_counts():
    shape = shape_of(load("pitome"), make_timm())
    assert tokens_per_block(load("pitome", keep_rate=[0.5, 1.0, 0.75]), shape) == [9, 9, 7, 7]
    shape = shape_of(load("pitome"), make_timm(depth=12, img_size=224))
    counts = [sum(tokens_per_block(load("pitome").knob(step / 20, shape), shape)) for step in range(21)]
    assert counts == sorted(counts)
    assert counts[-1] == 12 * 197


@torch.inference_mode()
def test_it_needs_no_cls_token():
    model = make_timm(class_token=False, global_pool="avg")
    with load("pitome", keep_rate=0.75).apply(model) as handle:
        assert model(torch.randn(2, 3, 64, 64)).isfinite().all()
    assert handle.report().tokens_out == [12, 9, 7, 6]


@pytest.mark.parametrize("keep_rate", [0.0, 0.4, 1.1, [0.9, 0.4], []])
def test_shares_it_refuses(keep_rate):
    with pytest.raises(PrunariumError, match="keep_rate"):
        load("pitome", keep_rate=keep_rate)


def test_a_schedule_longer_than_the_model_is_refused():
    with pytest.raises(PrunariumError, match="keep_rate lists 5 blocks, the model has 4"):
        load("pitome", keep_rate=[0.9] * 5).apply(make_timm())
