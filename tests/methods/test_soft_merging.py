"""PatchMerger, Sinkhorn and SiT: counts, one file of parts for every count, and what they refuse."""

import pytest
import torch

from prunarium import PrunariumError, load
from prunarium.families import shape_of

METHODS = pytest.mark.parametrize("name", ["patchmerger", "sinkhorn", "sit"])


@METHODS
@torch.inference_mode()
def test_counts(vit, images, name):
    for asked, wanted in (
        ({"keep_rate": 0.5}, [65, 33, 33, 17, 9, 9]),
        ({"counts": (7,), "blocks": (3,)}, [65, 65, 65, 8, 8, 8]),
        ({"counts": (99, 5, 3)}, [65, 65, 65, 6, 4, 4]),
    ):
        with load(name, weights="random", **asked).apply(vit) as handle:
            assert vit(images).isfinite().all()
        assert handle.report().tokens_out == wanted


@pytest.mark.parametrize("name", ["patchmerger", "sit"])  # Sinkhorn's clusters share the tokens among them
@torch.inference_mode()
def test_the_parts_serve_every_count(vit, images, name):
    """Turned to fewer tokens, the first of them are what they were."""
    method = load(name, weights="random")
    fitted = method.fit(shape_of(method, vit))
    x = torch.randn(2, 64, 48)
    part = fitted.part_at(1)
    many, few = part(x, 20)[0], part(x, 5)[0]
    assert torch.allclose(many[:, :5], few, atol=1e-6)
    assert fitted.knob(0.3, shape_of(method, vit)).fit(shape_of(method, vit)).part_at(1) is part


@METHODS
def test_every_parameter_learns(vit, images, name):
    vit.train()
    with load(name, weights="random", keep_rate=0.5).apply(vit) as handle:
        vit(images).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in handle.learned.parameters())


@METHODS
def test_bad_input(vit, images, name):
    with pytest.raises(PrunariumError, match="counts lists 1 stages, there are 3"):
        load(name, weights="random", counts=(5,)).apply(vit)
    with pytest.raises(PrunariumError, match="counts"):
        load(name, counts=(0, 1, 2))
    with pytest.raises(PrunariumError, match="keep_rate"):
        load(name, keep_rate=0.0)


@METHODS
@torch.inference_mode()
def test_larger_images(name):
    from timm.models.vision_transformer import VisionTransformer

    sizes = {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 4, "num_heads": 3}
    model = VisionTransformer(**sizes, dynamic_img_size=True).eval()
    with load(name, weights="random", keep_rate=0.9).apply(model) as handle:
        model(torch.randn(1, 3, 32, 32))
        with pytest.raises(PrunariumError, match="make at most 16 tokens"):
            model(torch.randn(1, 3, 64, 64))
    with load(name, weights="random", counts=(9, 8, 7)).apply(model) as handle:
        assert model(torch.randn(1, 3, 64, 64)).isfinite().all()
    assert handle.report().tokens_out[-1] == 8
