"""ATC: sizes, linkages, prefix tokens, and what it refuses."""

import pytest
import torch

from prunarium import PrunariumError, load


@torch.inference_mode()
@pytest.mark.parametrize("linkage", ["average", "complete", "single"])
def test_every_token_lives_on(vit, images, linkage):
    with load("atc", keep_rate=0.5, linkage=linkage).apply(vit) as handle:
        vit(images)
        home = handle.source()
    assert handle.report().tokens_out[-1] == 1 + 8
    assert (home >= 0).all()
    assert ((home == 0).sum(dim=1) == 1).all()  # the cls token is alone


@torch.inference_mode()
def test_linkages_and_proportional_attention_matter(vit, images):
    outputs = []
    for chosen in ({}, {"linkage": "complete"}, {"linkage": "single"}, {"proportional_attention": False}):
        with load("atc", keep_rate=0.5, **chosen).apply(vit):
            outputs.append(vit(images))
    for number, one in enumerate(outputs):
        assert not any(torch.allclose(one, other, atol=1e-3) for other in outputs[:number])


@torch.inference_mode()
def test_registers_and_models_without_a_cls_token(images):
    from timm.models.vision_transformer import VisionTransformer

    sizes = {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 3}
    for kind in ({"reg_tokens": 3}, {"class_token": False, "global_pool": "avg"}):
        model = VisionTransformer(**sizes, **kind).eval()
        with load("atc", keep_rate=0.5, blocks=(1,)).apply(model) as handle:
            assert model(images).isfinite().all()
            home, prefix = handle.source(), model.num_prefix_tokens
        assert handle.report().tokens_out == [16 + prefix, 8 + prefix]
        assert (home[:, :prefix] == torch.arange(prefix)).all()
        assert (home[:, prefix:] >= prefix).all()


@torch.inference_mode()
def test_activations_that_overflow(vit, images):
    with load("atc", keep_rate=0.5).apply(vit), pytest.raises(PrunariumError, match="not finite"):
        vit(images * torch.inf)


@pytest.mark.parametrize("parameters", [{"keep_rate": 0.0}, {"linkage": "ward"}])
def test_bad_parameters(parameters):
    with pytest.raises(PrunariumError, match=next(iter(parameters))):
        load("atc", **parameters)


def test_a_block_that_the_model_does_not_have(vit):
    with pytest.raises(PrunariumError, match="block 9 does not exist"):
        load("atc", blocks=(9,)).apply(vit)
