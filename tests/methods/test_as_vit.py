"""AS-ViT: thresholds, strictness, training, and what it refuses."""

import pytest
import torch

from prunarium import PrunariumError, load
from prunarium.families import shape_of


@torch.inference_mode()
def test_stricter_keeps_fewer(vit, images):
    budgets = []
    for strictness in (0.0, 0.5, 1.0, 3.0, 1e9):
        with load("as-vit", weights="random", strictness=strictness).apply(vit) as handle:
            assert vit(images).isfinite().all()
        budgets.append(handle.report().budget)
    assert budgets[0] == 1
    assert budgets == sorted(budgets, reverse=True)
    assert len(set(budgets)) == 5
    assert handle.report().tokens_out[-1] == 1  # nothing but the cls token


def test_training_moves_the_thresholds_to_the_keep_rate(vit, images):
    method = load("as-vit", weights="random", keep_rate=0.5, temperature=0.5)
    fitted = method.fit(shape_of(method, vit))
    vit.train().requires_grad_(False)
    optimiser = torch.optim.Adam(fitted.learned.parameters(), lr=0.05)
    losses = []
    for _ in range(40):
        with fitted.apply(vit) as handle:
            vit(images)
            assert handle.report().tokens_out[-1] == 65
            loss = fitted.loss(handle.memory)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 4
    vit.eval()
    with torch.inference_mode(), fitted.apply(vit) as handle:
        vit(images)
    aim = (1 + 2 * 0.5 + 0.25 + 2 * 0.125) / 6
    assert abs(handle.report().budget - aim) < 0.1


def test_bad_input(vit):
    with pytest.raises(PrunariumError, match="block 0: the scores are"):
        load("as-vit", weights="random", blocks=(0, 3)).apply(vit)
    with pytest.raises(PrunariumError, match="strictness"):
        load("as-vit", strictness=-1)
    from timm.models.vision_transformer import VisionTransformer

    model = VisionTransformer(
        img_size=32, patch_size=8, embed_dim=24, depth=4, num_heads=3, class_token=False, global_pool="avg"
    )
    with pytest.raises(PrunariumError, match="cls_attention"):
        load("as-vit", weights="random").apply(model)
