"""Three counts of multiply-accumulates agree: the closed form, torch's counter, and the counter on eager attention."""

import dataclasses
from contextlib import contextmanager

import pytest
import timm
import torch
from torch import nn
from torch.utils import flop_counter

from prunarium import PrunariumError, load
from prunarium.bench.benchmarks import classify, find_benchmark, next_word
from prunarium.bench.closed_forms import closed_form
from prunarium.bench.counters import Macs, audit, audit_stages, count_macs, count_stages, total
from tests.families.test_vit import METHODS, fitting, inputs, make

CPU = torch.device("cpu")
VIT = {"identity": {}, "tome": {"r": 8}, "evit": {"keep_rate": 0.7}}
VLM = {"identity": {}, "fastv": {"drop_rate": 0.75}, "random": {"keep_rate": 0.5}}


@contextmanager
def eager(model):
    """The model without fused attention: the two products are ordinary matrix products."""
    if hasattr(model, "blocks"):
        for block in model.blocks:
            block.attn.fused_attn = False
        yield
        for block in model.blocks:
            block.attn.fused_attn = True
    else:
        model.set_attn_implementation("eager")
        yield
        model.set_attn_implementation("sdpa")


def three_counts_agree(model, answer, one, method):
    with method.apply(model) as handle:
        stages = count_stages(model, answer, one, handle)
        expected = closed_form(model, handle.report(), one)
        with eager(model):
            unfused = count_stages(model, answer, one, handle)
    due, fused = total(expected.values()).total, total(stages.values())
    for counted in (stages, unfused):
        audit_stages(counted, expected)
        everything = total(counted.values())
        assert everything.total == pytest.approx(due + everything.own, rel=0.01)
    assert fused.own == total(unfused.values()).own
    return fused


@pytest.mark.parametrize("name", VIT)
@pytest.mark.parametrize(
    "size", ["tiny", pytest.param("small", marks=pytest.mark.slow), pytest.param("base", marks=pytest.mark.slow)]
)
def test_vit_of_every_size(size, name):
    model = timm.create_model(f"vit_{size}_patch16_224").eval()
    counted = three_counts_agree(model, classify, {"images": torch.zeros(1, 3, 224, 224)}, load(name, **VIT[name]))
    assert (counted.own > 0) == (name != "identity")


@pytest.mark.parametrize("name", VIT)
def test_cluttered_digits(name):
    shipped = find_benchmark("cluttered-digits")
    three_counts_agree(shipped.model(), classify, shipped.make(1, 0).batch(0, 1, CPU), load(name, **VIT[name]))


@pytest.mark.parametrize("name", VLM)
def test_digit_grid(name):
    shipped = find_benchmark("digit-grid")
    three_counts_agree(shipped.model(), next_word, shipped.make(1, 0).batch(0, 1, CPU), load(name, **VLM[name]))


@pytest.mark.parametrize("kind, name", fitting(METHODS))
def test_every_kind_of_vit(kind, name):
    model = make(kind)
    three_counts_agree(model, classify, {"images": inputs(model, 1)}, load(name, **METHODS[name]))


@pytest.mark.parametrize("name", VLM)
def test_heads_that_share_keys(llava, prompt, name):
    one = {key: value[:1] for key, value in prompt.items()}
    three_counts_agree(llava, next_word, one, load(name, **VLM[name]))


@pytest.mark.parametrize(
    "name, parameters, gigamacs, tokens",
    [
        ("identity", {}, 4.6, [197] * 12),
        ("tome", {"r": 13}, 2.7, [197 - 13 * (i + 1) for i in range(12)]),
        ("evit", {"keep_rate": 0.7}, 3.0, [197] * 3 + [140] * 3 + [100] * 3 + [72] * 3),
    ],
)
def test_macs_at_the_papers_settings(name, parameters, gigamacs, tokens):
    """DeiT-S at 224 pixels: within 2 % of what the papers print."""
    model = timm.create_model("deit_small_patch16_224").eval()
    with load(name, **parameters).apply(model) as handle:
        counted = count_macs(model, classify, {"images": torch.zeros(1, 3, 224, 224)}, handle)
    assert handle.report().tokens_out == tokens
    assert counted.total / 1e9 == pytest.approx(gigamacs, rel=0.02)


def test_own_work_is_what_runs_inside_reduce(vit, images):
    """ToMe's one product: one half of the patch tokens against the other, by the keys' mean over heads."""
    with load("tome", r=8).apply(vit) as handle:
        counted = count_macs(vit, classify, {"images": images[:1]}, handle)
        entering = handle.report().tokens_in
        assert count_macs(vit, classify, {"images": images[:1]}).own == 0, "nobody watches: nothing is apart"
    assert counted.own == sum(16 * ((count - 1) // 2) ** 2 for count in entering)


def counted_and_expected(model, images):
    one = {"images": images[:1]}
    with load("identity").apply(model) as handle:
        return count_macs(model, classify, one, handle), total(closed_form(model, handle.report(), one).values())


def test_a_counter_blind_to_fused_attention_is_refused(vit, images, monkeypatch):
    """Some see 0 for it on the processor and so understate the untouched model."""
    monkeypatch.delitem(flop_counter.flop_registry, torch.ops.aten._scaled_dot_product_flash_attention_for_cpu)
    counted, expected = counted_and_expected(vit, images)
    assert counted.attention == 0
    with pytest.raises(PrunariumError, match=r"saw 0.00 M .* of attention, .* are missing: this torch does not count"):
        audit(counted, expected)


def test_work_that_the_closed_form_does_not_know_is_refused(vit, images):
    vit.norm = nn.Sequential(vit.norm, nn.Linear(48, 48))
    with pytest.raises(PrunariumError, match=r"of linear, .* so 0.15 M are too many: the model, or the method outside"):
        audit(*counted_and_expected(vit, images))


@pytest.mark.parametrize("term", ["convolution", "linear", "attention"])
@pytest.mark.parametrize("factor, word", [(0.98, "missing"), (1.02, "too many")])
def test_each_term_is_held_to_its_own_form(term, factor, word):
    expected = Macs(convolution=1000, linear=100_000, attention=10_000)
    audit(expected, expected)
    off = dataclasses.replace(expected, **{term: int(getattr(expected, term) * factor)})
    with pytest.raises(PrunariumError, match=f"of {term}, .* are {word}"):
        audit(off, expected)
