"""DynamicViT: its counts, what it refuses, and its training."""

import pytest
import torch

from prunarium import PrunariumError, load

RANDOM = {"weights": "random"}


@torch.inference_mode()
def test_counts_are_shares_of_the_tokens_that_entered(vit, images):
    with load("dynamicvit", keep_rate=0.5, **RANDOM).apply(vit) as handle:
        vit(images)
    assert handle.report().tokens_out == [65, 33, 33, 17, 9, 9]


def test_training_masks_and_evaluation_drops(vit, images):
    method = load("dynamicvit", keep_rate=0.5, **RANDOM)
    with method.apply(vit) as handle:
        for training in (True, False, True):  # the parts follow the model
            vit.train(training)
            vit(images)
            assert handle.learned.training == training
            assert (handle.report().tokens_out[-1] == 65) == training
        shares = torch.stack(handle.memory["shares"])
        assert (shares[1:] <= shares[:-1]).all()
        real = handle.report().per_sample(len(images))[:, -1] - 1
        assert torch.equal(real, (shares[-1] * 64).round().long())
        method.loss(handle.memory).backward()
        assert all(parameter.grad is not None for parameter in handle.learned[0].parameters())


def test_the_loss_is_zero_at_the_rate_asked_for():
    method = load("dynamicvit", keep_rate=0.5, **RANDOM)
    met = {"shares": (torch.tensor([0.5]), torch.tensor([0.25]))}
    assert method.loss(met) == 0
    assert method.loss({"shares": (torch.tensor([1.0]),)}) == 2 * 0.25
    assert method.loss({}) is None


def test_bad_input(vit, images):
    with pytest.raises(PrunariumError, match="keep_rate=0"):
        load("dynamicvit", keep_rate=0.0)
    with pytest.raises(PrunariumError, match="block 6 does not exist"):
        load("dynamicvit", blocks=(1, 6), **RANDOM).apply(vit)
    with pytest.raises(PrunariumError, match="no such learned parts"):
        load("dynamicvit", weights="imagenet").apply(vit)


@torch.inference_mode()
def test_models_without_cls_token_and_other_image_sizes():
    from timm.models.vision_transformer import VisionTransformer

    sizes = {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 4, "num_heads": 3}
    for extra in ({"class_token": False, "global_pool": "avg"}, {"reg_tokens": 2}, {"dynamic_img_size": True}):
        model = VisionTransformer(**sizes, **extra).eval()
        with load("dynamicvit", keep_rate=0.5, **RANDOM).apply(model) as handle:
            size = 48 if "dynamic_img_size" in extra else 32
            assert model(torch.randn(2, 3, size, size)).isfinite().all()
        patches = (size // 8) ** 2
        assert handle.report().tokens_out[-1] == model.num_prefix_tokens + patches // 8
