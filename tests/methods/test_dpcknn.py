"""DPC-KNN: clusters and their means, its learned weights, and what it refuses."""

import pytest
import torch
from safetensors.torch import save_file

from prunarium import PrunariumError, load
from prunarium.families import shape_of


@torch.inference_mode()
def test_a_cluster_becomes_its_mean(vit, images):
    seen = {}
    vit.blocks[2].norm1.register_forward_hook(lambda module, args, out: seen.update(after=args[0]))
    vit.blocks[1].mlp.register_forward_hook(lambda module, args, out: seen.update(added=out))
    vit.blocks[1].norm2.register_forward_hook(lambda module, args, out: seen.update(before=args[0]))
    with load("dpc-knn", keep_rate=0.3, blocks=(2,)).apply(vit) as handle:
        vit(images)
        home = handle.source(2)
    before = seen["before"] + seen["added"]
    for sample in range(len(images)):
        for token in range(seen["after"].shape[1]):
            mean = before[sample, home[sample] == token].mean(dim=0)
            assert torch.allclose(seen["after"][sample, token], mean, atol=1e-5)


def test_learned_weights(vit, images, tmp_path):
    method = load("dpc-knn", keep_rate=0.3, learned_weight=True, weights="random")
    with method.apply(vit) as handle:
        vit(images).square().sum().backward()
        assert all(
            parameter.grad.abs().sum() > 0 for name, parameter in handle.learned.named_parameters() if "weight" in name
        )
        parts = {f"parts.{name}": torch.zeros_like(value) for name, value in handle.learned.state_dict().items()}
    save_file(parts, tmp_path / "zero.safetensors")
    with torch.inference_mode():
        outputs = []
        for chosen in (
            {"weights": str(tmp_path / "zero.safetensors"), "learned_weight": True},
            {},
            {"learned_weight": True, "weights": "random"},
        ):
            with load("dpc-knn", keep_rate=0.3, **chosen).apply(vit):
                outputs.append(vit(images))
    assert torch.allclose(outputs[0], outputs[1], atol=1e-5)  # a score of 0 everywhere: all count alike
    assert not torch.allclose(outputs[1], outputs[2], atol=1e-3)


def test_without_learned_weights_nothing_is_learned(vit):
    with load("dpc-knn").apply(vit) as handle:
        assert not list(handle.learned.parameters())
    with pytest.raises(PrunariumError, match="has no such learned parts"):
        load("dpc-knn", learned_weight=True, weights="nowhere").apply(vit)


@torch.inference_mode()
def test_more_neighbours_than_tokens(vit, images):
    with load("dpc-knn", keep_rate=0.5, neighbours=500).apply(vit):
        assert vit(images).isfinite().all()


@torch.inference_mode()
def test_before_the_first_block_and_without_a_cls_token(images):
    from timm.models.vision_transformer import VisionTransformer

    model = VisionTransformer(
        img_size=32, patch_size=8, embed_dim=24, depth=2, num_heads=3, class_token=False, global_pool="avg"
    ).eval()
    method = load("dpc-knn", keep_rate=0.5, blocks=(0,))
    assert shape_of(method, model).prefix == 0
    with method.apply(model) as handle:
        assert model(images).isfinite().all()
    assert handle.report().tokens_out == [8, 8]


@pytest.mark.parametrize("parameters", [{"keep_rate": 0.0}, {"neighbours": 1}, {"neighbors": 5}])
def test_bad_parameters(parameters):
    with pytest.raises(PrunariumError, match=next(iter(parameters))):
        load("dpc-knn", **parameters)


def test_a_block_that_the_model_does_not_have(vit):
    with pytest.raises(PrunariumError, match="block 9 does not exist"):
        load("dpc-knn", blocks=(9,)).apply(vit)
