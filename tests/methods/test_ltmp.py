"""LTMP: merging and pruning apart, strictness, training."""

import pytest
import torch

from prunarium import PrunariumError, load
from prunarium.families import shape_of


def with_thresholds(vit, merge, prune, **parameters):
    method = load("ltmp", weights="random", **parameters)
    fitted = method.fit(shape_of(method, vit))
    with torch.no_grad():
        fitted.learned["merge"].fill_(merge)
        fitted.learned["prune"].fill_(prune)
    return fitted


@torch.inference_mode()
def test_merging_loses_nobody_and_pruning_does(vit, images):
    for merge, prune, loses in ((0.3, 0.0, False), (1.1, 0.6, True)):
        with with_thresholds(vit, merge, prune).apply(vit) as handle:
            vit(images)
            home = handle.source()
            size = vit.blocks[-1].forward.__self__.passage.size
        report = handle.report()
        assert report.budget < 0.9
        assert bool((home == -1).any()) == loses
        real = torch.arange(report.tokens_out[-1]) < report.per_sample(8)[:, -1:]
        held = torch.zeros_like(size).scatter_add(1, home.clamp(min=0), (home >= 0).to(size.dtype))
        assert torch.equal(size[real], held[real])


@torch.inference_mode()
def test_stricter_keeps_fewer(vit, images):
    budgets = []
    for strictness in (0.0, 0.5, 1.0, 3.0):
        with with_thresholds(vit, 0.6, 0.3, strictness=strictness).apply(vit) as handle:
            vit(images)
        budgets.append(handle.report().budget)
    assert budgets[0] == 1
    assert budgets == sorted(budgets, reverse=True)
    assert len(set(budgets)) == 4


@torch.inference_mode()
@pytest.mark.parametrize(
    "extra", [{}, {"class_token": False, "global_pool": "avg"}, {"reg_tokens": 1}, {"reg_tokens": 2}]
)
def test_down_to_the_last_token(extra):
    from timm.models.vision_transformer import VisionTransformer

    model = VisionTransformer(img_size=32, patch_size=8, embed_dim=24, depth=6, num_heads=3, **extra).eval()
    x = torch.randn(4, 3, 32, 32)
    for strictness in (2.0, 5.0, 20.0, 1e9):
        with load("ltmp", weights="random", strictness=strictness).apply(model) as handle:
            together = model(x)
            alone = torch.cat([model(one[None]) for one in x])
        assert (together - alone).abs().max() < 1e-4
    assert handle.report().tokens_out[-1] == max(1, model.num_prefix_tokens)


def test_training_decides_as_evaluation_does_in_the_first_block(vit, images):
    fitted = with_thresholds(vit, 0.5, 0.4)
    with fitted.apply(vit) as handle:
        vit.train()
        vit(images)
        trained = handle.report().per_sample(8)[:, 0]
        vit.eval()
        with torch.inference_mode():
            vit(images)
        assert torch.equal(handle.report().per_sample(8)[:, 0], trained)


def test_training_moves_the_thresholds_to_the_target(vit, images):
    fitted = with_thresholds(vit, 0.9, 0.1, target=0.5)
    vit.train().requires_grad_(False)
    optimiser = torch.optim.Adam(fitted.learned.parameters(), lr=0.03)
    losses = []
    for _ in range(30):
        with fitted.apply(vit) as handle:
            vit(images)
            loss = fitted.loss(handle.memory)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 4
    assert all(parameter.grad.abs().sum() > 0 for parameter in fitted.learned.parameters())


def test_bad_input():
    with pytest.raises(PrunariumError, match="target"):
        load("ltmp", target=0.0)
    with pytest.raises(PrunariumError, match="temperature"):
        load("ltmp", temperature=0)
