"""Methods with learned parts: where the parts come from, and the masks that training uses in place of dropping."""

from typing import ClassVar

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from prunarium import PrunariumError, load
from prunarium.families import LearnedMethod, VitMethod, shape_of
from prunarium.ops import above, thin

from .conftest import answer_of, make_hugging_face, make_timm

MODELS = {"timm": make_timm, "transformers": lambda: make_hugging_face("ViTForImageClassification")}


class Threshold(LearnedMethod, VitMethod):
    """Drops the tokens whose first channel is not above a learned threshold."""

    adaptive: ClassVar = True
    needs: ClassVar = frozenset({"keys", "cls_attention", "full_attention", "received_attention"})
    seen: ClassVar[list] = []

    def parts(self, shape):
        return nn.ParameterDict({"threshold": torch.zeros(())})

    def acts_at(self, shape):
        return (0, 2)

    def reduce(self, tokens, attention, block):
        self.seen.append({name: getattr(attention, name) for name in self.needs})
        score = tokens.x[:, tokens.prefix :, 0]
        wanted = above(score, self.learned["threshold"], 0.1)
        return thin(tokens, wanted) if self.learned.training else tokens.keep_where(wanted > 0.5)


def images(count=4):
    return torch.randn(count, 3, 64, 64, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize("kind", MODELS)
def test_masks_do_what_dropping_does(kind):
    """The answers of a model in training are those of the same model in evaluation, but for the softmax's eps."""
    model, x = MODELS[kind](), images()
    with Threshold(weights="random").apply(model) as handle:
        with torch.no_grad():
            dropped, left = answer_of(model(x)), handle.report().per_sample(len(x))
        model.train()
        masked = answer_of(model(x))
        assert torch.equal(handle.report().per_sample(len(x)), left)
        masked.sum().backward()
        assert handle.learned["threshold"].grad != 0
    assert left.min() < 17, "the test needs a method that drops"
    assert (masked - dropped).abs().max() < 2e-3


@torch.no_grad()
def test_what_a_masked_attention_offers():
    """Nothing goes to tokens that are not there, from any but themselves."""
    model, x = make_timm(), images()
    with Threshold(weights="random").apply(model):
        model.train()
        Threshold.seen.clear()
        model(x)
        there = model.blocks[3].forward.__self__.passage.there
    first, second = Threshold.seen
    assert first["keys"].shape == second["keys"].shape
    later = second["full_attention"]
    assert torch.allclose(later.sum(dim=-1), torch.ones(()), atol=1e-4)
    assert torch.allclose(later[:, :, 0], second["cls_attention"], atol=1e-5)
    gone = there < 0.5
    assert gone.any()
    received = second["received_attention"]
    assert received.isfinite().all()


def test_parts_are_kept_while_a_fitted_method_is_turned():
    model = make_timm()
    method = load("dynamicvit", weights="random")
    shape = shape_of(method, model)
    fitted = method.fit(shape)
    assert fitted.knob(0.3, shape).fit(shape).learned is fitted.learned
    assert method.fit(shape).learned is not fitted.learned
    same = zip(method.fit(shape).learned.parameters(), fitted.learned.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in same)  # the same draw every time
    with fitted.apply(model) as handle:
        assert handle.learned is fitted.learned
    other = shape_of(method, make_timm(img_size=32))
    assert fitted.fit(other).learned is not fitted.learned


def test_a_file_of_parts(tmp_path):
    model, path = make_timm(), tmp_path / "parts.safetensors"
    save_file({"parts.threshold": torch.tensor(0.5).half(), "model.head.weight": torch.zeros(3)}, path)
    with Threshold(weights=str(path)).apply(model) as handle:
        assert handle.learned["threshold"] == 0.5
    save_file({"parts.threshold": torch.zeros(2)}, path)
    with pytest.raises(PrunariumError, match=r"threshold is \[2\], this model needs \[\]"):
        Threshold(weights=str(path)).apply(model)
    with pytest.raises(PrunariumError, match="no such learned parts"):
        Threshold(weights=str(tmp_path / "gone.safetensors")).apply(model)
