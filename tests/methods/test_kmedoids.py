"""K-Medoids: medoids are kept as they are and stand for their clusters, and what it refuses."""

import pytest
import torch

from prunarium import PrunariumError, load


@torch.inference_mode()
def test_medoids_stay_as_they_are(vit, images):
    seen = {}
    vit.blocks[2].norm1.register_forward_hook(lambda module, args, out: seen.update(after=args[0]))
    vit.blocks[1].mlp.register_forward_hook(lambda module, args, out: seen.update(added=out))
    vit.blocks[1].norm2.register_forward_hook(lambda module, args, out: seen.update(before=args[0]))
    with load("kmedoids", keep_rate=0.3, blocks=(2,)).apply(vit) as handle:
        vit(images)
        move, home = handle.report().blocks[2].moves[0], handle.source(2)
    before = seen["before"] + seen["added"]
    for sample, medoids in enumerate(move.position):
        assert torch.equal(seen["after"][sample], before[sample, medoids])
    assert (home >= 0).all()  # every token lives on in its medoid
    assert torch.equal(home.gather(1, move.position), torch.arange(20).expand(8, -1))


@torch.inference_mode()
def test_more_rounds_find_other_medoids(vit, images):
    outputs = []
    for rounds in (1, 3):
        with load("kmedoids", keep_rate=0.3, rounds=rounds).apply(vit):
            outputs.append(vit(images))
    assert not torch.allclose(*outputs, atol=1e-3)


def test_not_before_the_first_block(vit):
    with pytest.raises(PrunariumError, match=r"block 0.*begin at block 1"):
        load("kmedoids", blocks=(0, 2)).apply(vit)


@torch.inference_mode()
def test_models_of_two_blocks_and_of_one(images):
    from timm.models.vision_transformer import VisionTransformer

    for depth, left in ((1, [17]), (2, [17, 9])):
        model = VisionTransformer(img_size=32, patch_size=8, embed_dim=24, depth=depth, num_heads=3).eval()
        with load("kmedoids", keep_rate=0.5).apply(model) as handle:
            model(images)
        assert handle.report().tokens_out == left


@pytest.mark.parametrize("parameters", [{"keep_rate": 0.0}, {"rounds": 0}])
def test_bad_parameters(parameters):
    with pytest.raises(PrunariumError, match=next(iter(parameters))):
        load("kmedoids", **parameters)


def test_a_block_that_the_model_does_not_have(vit):
    with pytest.raises(PrunariumError, match="block 9 does not exist"):
        load("kmedoids", blocks=(9,)).apply(vit)
