"""The vit family on transformers' models: exact where nothing is reduced, reversible, right per sample."""

import pytest
import torch

from prunarium import PrunariumError, load
from prunarium.families import shape_of, tokens_per_block

from .conftest import HUGGING_FACE, answer_of, make_hugging_face

METHODS = {"tome": {"r": 2}, "evit": {"keep_rate": 0.6}, "topk-cls": {"keep_rate": 0.6}, "random": {"keep_rate": 0.6}}
NOTHING = {"tome": {"r": 0}, "evit": {"keep_rate": 1}, "identity": {}}
NEED_CLS = ("evit", "topk-cls")


def fitting(methods):
    return [(k, n) for k in HUGGING_FACE for n in methods if not (k == "SigLIP vision" and n in NEED_CLS)]


def images(count=4):
    return torch.randn(count, 3, 64, 64, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize("kind, name", fitting(NOTHING))
@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@torch.inference_mode()
def test_nothing_reduced_equals_the_untouched_model(kind, name, implementation):
    model = make_hugging_face(kind, attn_implementation=implementation)
    x = images()
    before = answer_of(model(x))
    with load(name, **NOTHING[name]).apply(model):
        assert (answer_of(model(x)) - before).abs().max() <= 1e-5
    assert torch.equal(answer_of(model(x)), before)


@pytest.mark.parametrize("kind, name", fitting(METHODS))
@torch.inference_mode()
def test_reducing_models(kind, name):
    """Fewer tokens, other answers, the same per sample at batch 1 and batch 8, restored bit for bit."""
    model, method = make_hugging_face(kind), load(name, **METHODS[name])
    x = images(8)
    before = answer_of(model(x))
    with method.apply(model) as handle:
        together = answer_of(model(x))
        report = handle.report()
    with method.apply(model):
        alone = torch.cat([answer_of(model(sample[None])) for sample in x])
    assert together.isfinite().all()
    assert not torch.allclose(together, before, atol=1e-4)
    assert (together - alone).abs().max() <= 1e-4
    assert report.tokens_out == tokens_per_block(method, shape_of(method, model))
    assert report.budget < 1
    assert torch.equal(answer_of(model(x)), before)
    assert not any("forward" in vars(module) for module in model.modules())


@pytest.mark.parametrize("kind", ["DINOv2", "DINOv2 with registers", "SigLIP vision"])
@torch.inference_mode()
def test_merging_twins_changes_nothing(kind):
    """The pooling counts a merged token as often as the tokens that it stands for."""
    model = make_hugging_face(kind)
    embeddings = model.get_submodule("embeddings") if kind == "SigLIP vision" else model.base_model.embeddings
    where = getattr(embeddings, "position_embeddings", None)
    (embeddings.position_embedding.weight if where is None else where).zero_()
    x = images(2)[:, :, :, :16].repeat(1, 1, 1, 4)  # every row of patches holds four equal ones
    before = answer_of(model(x))
    with load("tome", r=[6]).apply(model) as handle:
        merged = answer_of(model(x))
    assert handle.report().tokens_out[0] < handle.report().tokens_in[0]
    assert (merged - before).abs().max() <= 1e-4
    with load("tome", r=[6], proportional_attention=False).apply(model):
        assert (answer_of(model(x)) - before).abs().max() > 1e-3


def test_what_is_not_supported_is_said():
    with pytest.raises(PrunariumError, match=r"needs cls_attention.*no cls token"):
        load("evit").apply(make_hugging_face("SigLIP vision"))
    with pytest.raises(PrunariumError, match=r"does not work on Linear; it works on: .*SiglipVisionModel"):
        load("evit").apply(torch.nn.Linear(2, 2))
    model = make_hugging_face("ViTModel")
    model.gradient_checkpointing_enable()
    with pytest.raises(PrunariumError, match="gradient checkpointing runs blocks twice"):
        load("tome").apply(model)
