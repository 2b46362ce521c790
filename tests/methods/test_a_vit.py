"""A-ViT: halting of patches and of the cls token, and its training."""

import pytest
import torch

from prunarium import PrunariumError, load

EARLY = {"gate_scale": 2.0, "gate_center": 1.0}
"""A setting in which tokens halt all over the depth."""


@torch.inference_mode()
def test_tokens_leave_and_come_back(vit, images):
    with load("a-vit", **EARLY).apply(vit) as handle:
        features = vit.forward_features(images)
        report = handle.report()
        counts = report.per_sample(len(images))
        assert features.shape == (8, 65, 48)
        assert torch.equal(handle.source(), torch.arange(65).expand(8, -1))
        gone = (handle.source(after=3) == -1).sum(dim=1)
        assert torch.equal(handle.restore(features), features)
    assert (counts[:, 1:] <= counts[:, :-1]).all()
    assert counts[:, -1].max() < 65
    assert len(set(counts[:, 3].tolist())) > 1
    assert (gone > 0).all()
    assert 0 <= report.tokens_out[3] - counts[:, 3].max() <= 1  # a cls token that halted stays, unseen


@torch.inference_mode()
def test_everybody_may_halt_at_once(vit, images):
    """The scores are 1 after the first block: the answer is what its head makes of the first block's output."""
    outputs = []
    hook = vit.blocks[0].register_forward_hook(lambda _, __, out: outputs.append(out))
    vit(images)
    hook.remove()
    with load("a-vit", gate_center=-1e9).apply(vit) as handle:
        answer = vit(images)
    assert handle.report().tokens_out == [65, 1, 1, 1, 1, 1]
    assert torch.allclose(answer, vit.forward_head(vit.norm(outputs[0])), atol=1e-5)


@torch.inference_mode()
def test_without_cls_token_and_with_registers():
    from timm.models.vision_transformer import VisionTransformer

    sizes = {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 4, "num_heads": 3}
    for extra in ({"class_token": False, "global_pool": "avg"}, {"reg_tokens": 2}):
        model, x = VisionTransformer(**sizes, **extra).eval(), torch.randn(4, 3, 32, 32)
        for center in (0.3, -1e9):
            with load("a-vit", gate_scale=2.0, gate_center=center).apply(model):
                together = model(x)
                alone = torch.cat([model(one[None]) for one in x])
            assert (together - alone).abs().max() < 1e-4


def test_the_ponder_loss_falls_when_tokens_halt_earlier(vit, images):
    vit.train()
    losses = []
    for center in (3.0, 1.0, -1.0):
        method = load("a-vit", gate_scale=2.0, gate_center=center)
        with method.apply(vit) as handle:
            vit(images)
            losses.append(method.loss(handle.memory))
    assert losses[0] > losses[1] > losses[2]
    losses[1].backward()
    assert vit.blocks[0].mlp.fc2.weight.grad.abs().sum() > 0


def test_bad_input():
    with pytest.raises(PrunariumError, match="eps"):
        load("a-vit", eps=1.0)
    with pytest.raises(PrunariumError, match="gate_scale"):
        load("a-vit", gate_scale=0.0)
