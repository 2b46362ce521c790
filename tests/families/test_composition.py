"""Two methods in one model: each does what it does alone, or they are refused together."""

from typing import ClassVar

import pytest
import torch

from prunarium import PrunariumError, load
from prunarium.families import VitMethod, shape_of, tokens_per_block, with_budget

from .conftest import answer_of, make_hugging_face, make_timm


def images(count=4):
    return torch.randn(count, 3, 64, 64, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize("make", [make_timm, lambda: make_hugging_face("ViTForImageClassification")])
@torch.inference_mode()
def test_in_different_blocks_both_do_what_they_do_alone(make):
    model, x = make(), images()
    merge, drop = load("tome", r=[4, 0, 0, 0]), load("evit", keep_rate=0.5, blocks=[2])
    with (merge + drop).apply(model) as handle:
        answer_of(model(x))
        report, first, last = handle.report(), handle.source(0), handle.source()
    assert report.tokens_out == [13, 13, 8, 8]
    with merge.apply(model) as handle:
        model(x)
        assert torch.equal(handle.source(0), first)
    assert (last == 0).sum() == 4, "the cls token of every sample, and nothing else"


@torch.inference_mode()
def test_in_one_block_the_later_sees_what_the_earlier_left():
    """Keys of merged tokens are means, attention to them is a sum."""
    model, x = make_timm(), images()
    seen = {}

    class Look(VitMethod):
        needs: ClassVar = frozenset({"keys", "cls_attention"})

        def reduce(self, tokens, attention, block):
            seen[block] = attention.keys, attention.cls_attention, tokens
            return tokens

    with Look().apply(model):
        model(x)
    keys, row, _ = seen[0]
    both = load("tome", r=[4]) + Look()
    with both.apply(model) as handle:
        model(x)
        home = handle.source(0)
    later_keys, later_row, tokens = seen[0]
    assert later_row.shape[-1] == later_keys.shape[-2] == tokens.count == 13
    assert torch.allclose(later_row.sum(-1), row.sum(-1), atol=1e-6)
    for sample in range(4):
        for token in range(13):
            members = home[sample] == token
            assert torch.allclose(later_row[sample, :, token], row[sample][:, members].sum(-1), atol=1e-6)
            assert torch.allclose(later_keys[sample, :, token], keys[sample][:, members].mean(1), atol=1e-5)


@torch.inference_mode()
def test_tome_and_evit_at_a_budget():
    model, x = make_timm(img_size=128), torch.randn(2, 3, 128, 128)
    both = load("tome") + load("evit")
    method = with_budget(both, 0.5, shape_of(both, model))
    with method.apply(model) as handle:
        assert model(x).isfinite().all()
    assert abs(handle.report().budget - 0.5) <= 0.01
    assert handle.report().tokens_out == tokens_per_block(method, shape_of(method, model))
    assert "ToMe(" in repr(method) and " + EViT(" in repr(method)


def test_what_does_not_go_together_is_refused():
    class Ahead(VitMethod):
        place: ClassVar = "before"

        def reduce(self, tokens, attention, block):
            return tokens

    with pytest.raises(PrunariumError, match="EViT reduces between and Ahead before the halves of a block"):
        load("evit") + Ahead()
    with pytest.raises(PrunariumError, match="MCTF computes the attention of the block ahead"):
        load("mctf") + load("zero-tprune")
    with pytest.raises(PrunariumError, match="they act in different families"):
        load("tome") + load("fastv")

    class Whole(VitMethod):
        needs: ClassVar = frozenset({"full_attention"})

        def reduce(self, tokens, attention, block):
            assert attention.full_attention.isfinite().all()
            return tokens

    model = make_timm()
    with (load("tome", r=2) + Whole()).apply(model), pytest.raises(PrunariumError, match="act in different blocks"):
        model(images())
    with load("tome").apply(model), pytest.raises(PrunariumError, match=r"both as one: \(one \+ other\)\.apply"):
        load("evit").apply(model)


@torch.inference_mode()
def test_vlm_methods_before_and_inside_the_language_model(llava, prompt):
    """The one acts where images enter, the other sees what it left; two of one place, or an eviction, are refused."""
    from prunarium.families import VlmMethod

    class Half(VlmMethod):
        def project(self, tokens, layout):
            return tokens.keep(torch.arange(0, tokens.count, 2).expand(len(tokens.x), -1))

    class Evicting(VlmMethod):
        def evict(self, cache, weights):
            return list(cache)

    with (Half() + load("fastv", layer=2, drop_rate=0.5)).apply(llava) as handle:
        llava(**prompt)
        assert handle.report().tokens_out == [8, 8, 4, 4, 4, 4]
    with pytest.raises(PrunariumError, match="both reduce the tokens in 'project'"):
        Half() + Half()
    with pytest.raises(PrunariumError, match="Evicting evicts from the cache"):
        load("fastv") + Evicting()
