"""Evo-ViT: tokens wait, unchanged, and come back."""

import pytest
import torch

from prunarium import PrunariumError, load

from ..families.conftest import make_hugging_face, make_timm


@torch.inference_mode()
def test_all_tokens_are_there_at_the_end():
    model = make_timm(depth=6)
    entering = {}
    for number in (2, 5):
        model.blocks[number].register_forward_pre_hook(lambda module, args, n=number: entering.update({n: args[0]}))
    left = []
    model.norm.register_forward_pre_hook(lambda module, args: left.append(args[0]))
    with load("evo-vit", keep_rate=0.25, blocks=[2]).apply(model) as handle:
        model(torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)))
        assert handle.report().tokens_out == [17, 17, 5, 5, 5, 5]
        home = handle.source()
        restored = handle.restore(left[0])
    assert left[0].shape[1] == 17
    assert home.sort(dim=1).values.tolist() == [list(range(17))] * 2
    waited = home >= 5
    assert waited.sum(dim=1).tolist() == [12, 12]
    assert torch.equal(restored[waited], entering[2][waited])
    assert not (restored[~waited] == entering[2][~waited]).all(dim=-1).any()


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [({"keep_rate": 0.0}, "keep_rate"), ({"blocks": [0]}, "blocks"), ({"blocks": [2, 2]}, "twice")],
)
def test_parameters_that_make_no_sense(parameters, fault):
    with pytest.raises(PrunariumError, match=fault):
        load("evo-vit", **parameters)


def test_models_that_it_does_not_fit():
    with pytest.raises(PrunariumError, match="no cls token"):
        load("evo-vit").apply(make_hugging_face("SigLIP vision"))
    with pytest.raises(PrunariumError, match="block 9 does not exist"):
        load("evo-vit", blocks=[1, 9]).apply(make_timm())


@torch.inference_mode()
def test_beside_another_method():
    x = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    model = make_timm(depth=6)
    with (load("evo-vit", blocks=[2, 4]) + load("toe")).apply(model) as handle:
        assert model(x).isfinite().all()
    assert handle.report().tokens_out == [17, 9, 9, 9, 9, 9]
    together = load("evo-vit", blocks=[2, 4]) + load("zero-tprune", blocks=[3])
    with together.apply(model), pytest.raises(PrunariumError, match="cannot share its stages"):
        model(x)
