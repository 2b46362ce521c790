"""What a block's attention offers to a method, held against the block's own arithmetic, in both libraries."""

from typing import ClassVar

import pytest
import torch

from prunarium import PrunariumError
from prunarium.families import VitMethod

from .conftest import answer_of, make_hugging_face, make_timm

MODELS = {
    "timm": make_timm,
    "timm qk-norm": lambda: make_timm(qk_norm=True),
    "timm LayerScale": lambda: make_timm(init_values=0.5),
    "ViT": lambda: make_hugging_face("ViTForImageClassification"),
    "DINOv2": lambda: make_hugging_face("DINOv2"),
    "CLIP": lambda: make_hugging_face("CLIP vision"),
}


class Looking(VitMethod):
    """Keeps every token and looks at everything."""

    needs: ClassVar = frozenset(
        {"keys", "values", "logits", "cls_attention", "full_attention", "received_attention", "head_outputs"}
    )
    seen: ClassVar[list] = []

    def reduce(self, tokens, attention, block):
        self.seen.append({name: getattr(attention, name) for name in self.needs})
        return tokens


class Behind(Looking):
    """The same, of the block before."""

    place: ClassVar = "before"
    seen: ClassVar[list] = []

    def acts_at(self, shape):
        return range(1, shape.depth)


class AheadOfTime(VitMethod):
    """Gives every block the attention that it would have computed itself."""

    needs: ClassVar = frozenset({"next_attention"})
    place: ClassVar = "before"

    def reduce(self, tokens, attention, block):
        from dataclasses import replace

        return replace(tokens, attention=attention.next_attention)


def images(count=2):
    return torch.randn(count, 3, 64, 64, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize("kind", MODELS)
@torch.inference_mode()
def test_offers_agree_with_each_other_and_with_the_block(kind):
    model, x = MODELS[kind](), images()
    before = answer_of(model(x))
    Looking.seen.clear()
    with Looking().apply(model):
        assert torch.allclose(answer_of(model(x)), before, atol=1e-5)
    assert len(Looking.seen) == 4
    for seen in Looking.seen:
        full = seen["full_attention"]
        assert torch.allclose(full, seen["logits"].softmax(dim=-1))
        assert torch.allclose(full[:, :, 0], seen["cls_attention"], atol=1e-6)
        assert torch.allclose(full.mean(dim=(1, 2)), seen["received_attention"], atol=1e-6)
        assert torch.allclose(full @ seen["values"], seen["head_outputs"], atol=1e-4)
        assert seen["keys"].shape == seen["values"].shape


@pytest.mark.parametrize("kind", MODELS)
@torch.inference_mode()
def test_before_a_block_the_block_before_is_seen(kind):
    model, x = MODELS[kind](), images()
    Looking.seen.clear()
    Behind.seen.clear()
    with Looking().apply(model):
        model(x)
    with Behind().apply(model):
        model(x)
    assert len(Behind.seen) == 3
    for between, behind in zip(Looking.seen, Behind.seen, strict=False):
        assert all(torch.equal(between[name], behind[name]) for name in between)


@pytest.mark.parametrize("kind", MODELS)
@torch.inference_mode()
def test_a_block_that_is_given_its_own_attention_is_unchanged(kind):
    model, x = MODELS[kind](), images()
    before = answer_of(model(x))
    with AheadOfTime().apply(model) as handle:
        assert torch.allclose(answer_of(model(x)), before, atol=1e-4)
    assert all(record.reused for record in handle.records)


def test_nothing_is_seen_before_the_first_block():
    class TooEarly(Behind):
        def acts_at(self, shape):
            return (0,)

    model = make_timm()
    with TooEarly().apply(model), pytest.raises(PrunariumError, match="before the first block; let the method begin"):
        model(images())
