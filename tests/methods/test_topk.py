"""Top-K: whom it keeps, how many, and what it refuses."""

import pytest
import torch

from prunarium import PrunariumError, load
from prunarium.families import shape_of, tokens_per_block


@torch.inference_mode()
def test_counts_are_shares_of_the_tokens_that_entered(vit, images):
    with load("topk", keep_rate=0.7, blocks=(1, 2, 4)).apply(vit) as handle:
        vit(images)
    assert handle.report().tokens_out == [65, 45, 32, 32, 22, 22]  # 1 + 44, 31 and 21 of 64


@torch.inference_mode()
def test_it_keeps_the_same_tokens_as_topk_cls_and_best_first(vit, images):
    kept = []
    for method in (load("topk", keep_rate=0.25, blocks=(2,)), load("topk-cls", keep_rate=0.25, blocks=(2,))):
        with method.apply(vit) as handle:
            vit(images)
            kept.append(handle.report().blocks[2].moves[0].position)
    assert torch.equal(kept[0].sort(dim=1).values, kept[1])
    assert not torch.equal(*kept)


@torch.inference_mode()
def test_at_least_one_token_is_left(vit, images):
    with load("topk", keep_rate=0.001).apply(vit) as handle:
        assert vit(images).isfinite().all()
    assert handle.report().tokens_out[-1] == 2


def test_other_image_sizes_have_other_counts(vit):
    method = load("topk", keep_rate=0.5)
    vit.set_input_size(img_size=64)
    assert tokens_per_block(method, shape_of(method, vit))[-1] == 1 + 32


@pytest.mark.parametrize("rate", [0.0, 1.5, "half"])
def test_a_bad_keep_rate(rate):
    with pytest.raises(PrunariumError, match=r"TopK|topk.*keep_rate"):
        load("topk", keep_rate=rate)


def test_a_block_that_the_model_does_not_have(vit):
    with pytest.raises(PrunariumError, match="block 6 does not exist: the model has blocks 0 to 5"):
        load("topk", blocks=(2, 6)).apply(vit)


def test_a_model_without_cls_token():
    from timm.models.vision_transformer import VisionTransformer

    model = VisionTransformer(
        img_size=32, patch_size=8, embed_dim=24, depth=2, num_heads=3, class_token=False, global_pool="avg"
    )
    with pytest.raises(PrunariumError, match="no cls token"):
        load("topk").apply(model)
