"""TPS: its two variants."""

import pytest
import torch

from prunarium import PrunariumError, load


@torch.inference_mode()
@pytest.mark.parametrize("variant", ["dtps", "etps"])
def test_every_token_lives_on(vit, images, variant):
    with load("tps", variant=variant, keep_rate=0.5, weights="random").apply(vit) as handle:
        vit(images)
        home = handle.source()
    assert (home >= 0).all()
    assert ((home == 0).sum(dim=1) == 1).all()  # the cls token hosts nobody
    counts = {"dtps": [65, 33, 33, 17, 9, 9], "etps": [65, 33, 33, 17, 9, 9]}
    assert handle.report().tokens_out == counts[variant]


@torch.inference_mode()
def test_counts_differ_where_they_do_not_divide(vit, images):
    """dTPS counts as DynamicViT does, eTPS as EViT."""
    last = {}
    for variant in ("dtps", "etps"):
        with load("tps", variant=variant, keep_rate=0.7, weights="random").apply(vit) as handle:
            vit(images)
        last[variant] = handle.report().tokens_out[-1] - 1
    assert last == {"dtps": 21, "etps": 23}


def test_etps_learns_nothing_of_its_own_and_trains(vit, images):
    vit.train()
    with load("tps", variant="etps", keep_rate=0.5).apply(vit) as handle:  # no weights needed
        assert not list(handle.learned.parameters())
        vit(images).sum().backward()
    assert all(parameter.grad is not None for parameter in vit.parameters())


def test_the_cls_token_is_needed_by_one_variant_only():
    from timm.models.vision_transformer import VisionTransformer

    sizes = {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 4, "num_heads": 3}
    model = VisionTransformer(**sizes, class_token=False, global_pool="avg").eval()
    with pytest.raises(PrunariumError, match="cls_attention"):
        load("tps", variant="etps").apply(model)
    with load("tps", weights="random").apply(model):
        assert model(torch.randn(2, 3, 32, 32)).isfinite().all()


def test_bad_input():
    with pytest.raises(PrunariumError, match="variant"):
        load("tps", variant="ftps")
    with pytest.raises(PrunariumError, match="temperature"):
        load("tps", temperature=0)
