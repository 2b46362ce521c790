"""Laws of every method that evicts from the key-value cache."""

from dataclasses import replace

import pytest
import torch
from transformers import DynamicCache

from prunarium import PrunariumError, load, registry
from prunarium.families import shape_of, with_budget

from .untrained import fresh
from .vlm_models import PATCHES, generate, make_llava, one_of, prompt_for

METHODS = [
    name for name, card in registry.cards().items() if "vlm" in card.families and getattr(fresh(name), "evicts", False)
]
TEXT, LAYERS = 10, 6
TOKENS = TEXT + PATCHES
ENTRIES = {  # in all layers together, at a half
    "elastic-cache": LAYERS * int(0.5 * TOKENS),
    "prefixkv": int(0.5 * LAYERS * TOKENS),
    "look-m": LAYERS * (int(0.1 * TOKENS) + int(0.4 * TOKENS)),
}


@pytest.fixture(scope="module")
def model():
    return make_llava()


def halved(name, model):
    method = fresh(name)
    return method.knob(0.5, shape_of(method, model))


def filled(model, prompt):
    cache = DynamicCache(config=model.config.text_config)
    model(**prompt, past_key_values=cache, use_cache=True)
    return cache


@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_bytes_are_those_of_the_entries(name, model):
    prompt = one_of(prompt_for(model), 0)
    with halved(name, model).apply(model) as handle:
        cache = filled(model, prompt)
        left = [layer.forward.__self__.evicted for layer in model.model.language_model.layers]
        report = handle.report()
    found = sum(part.untyped_storage().nbytes() for layer in cache.layers for part in (layer.keys, layer.values))
    entries = [int(one.lengths.max()) for one in left]
    assert found == sum(2 * count * 2 * 8 * 4 for count in entries)  # keys and values, key heads, head dim, bytes
    assert sum(entries) == ENTRIES.get(name, sum(entries)) < LAYERS * TOKENS
    images = [one.image_count for one in left]
    assert [block.cached for block in report.blocks] == images
    assert report.budget == pytest.approx(sum(images) / LAYERS / PATCHES)


@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_keeping_everything_changes_no_bit_of_the_cache(name, model):
    prompt = prompt_for(model)
    whole = filled(model, prompt)
    method = fresh(name)
    with method.knob(1.0, shape_of(method, model)).apply(model) as handle:
        left = filled(model, prompt)
        assert handle.report().budget == 1
    for one, other in zip(whole.layers, left.layers, strict=True):
        assert torch.equal(one.keys, other.keys)
        assert torch.equal(one.values, other.values)


def ragged(model):
    """Two questions of different length, together with padding, and each alone."""
    prompt = prompt_for(model, after=9)
    ids, short = prompt["input_ids"], prompt["input_ids"][1:, 4:]
    together = {
        "input_ids": torch.cat([ids[:1], torch.cat([torch.zeros(1, 4, dtype=torch.long), short], 1)]),
        "attention_mask": torch.ones_like(ids),
        "pixel_values": prompt["pixel_values"],
    }
    together["attention_mask"][1, :4] = 0
    alone = [one_of(prompt, 0), {"input_ids": short, "pixel_values": prompt["pixel_values"][1:]}]
    return together, alone


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_padded_samples_are_as_alone(name, implementation):
    model = make_llava()
    model.set_attn_implementation(implementation)
    together, alone = ragged(model)
    words, budgets = [], []
    for prompt in alone:
        with halved(name, model).apply(model) as handle:
            words.append(generate(model, prompt))
            budgets.append(handle.report().budget)
    with halved(name, model).apply(model) as handle:
        assert torch.equal(generate(model, together), torch.cat(words))
        assert handle.report().budget == pytest.approx(sum(budgets) / 2)
        beams = generate(model, together, num_beams=2)
        assert torch.equal(beams, torch.cat([generate(model, prompt, num_beams=2) for prompt in alone]))


@pytest.mark.parametrize("budget", [0.5, 0.25, 0.11])
@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_budgets_are_reached_by_running(name, budget, model):
    prompt = prompt_for(model, samples=4)

    def measure(candidate, shape):
        with candidate.apply(model) as handle:
            model(**prompt, use_cache=True)
        return handle.report().budget

    method = fresh(name)
    turned = with_budget(method, budget, replace(shape_of(method, model), tokens=PATCHES), measure)
    assert abs(measure(turned, None) - budget) <= 0.01


@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_more_is_never_less(name, model):
    prompt, method, budgets = prompt_for(model), fresh(name), []
    for amount in (0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1):
        with method.knob(amount, shape_of(method, model)).apply(model) as handle:
            model(**prompt, use_cache=True)
        budgets.append(handle.report().budget)
    assert budgets == sorted(budgets)
    assert budgets[0] < 0.1


@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_a_prompt_without_an_image_is_left_as_it_is(name, model):
    text = {"input_ids": torch.tensor([[1, 5, 9, 11, 4, 8, 7, 12, 3, 6]])}
    words, whole = generate(model, text), filled(model, text)
    with halved(name, model).apply(model):
        assert torch.equal(generate(model, text), words)
        left = filled(model, text)
    assert all(torch.equal(one.keys, other.keys) for one, other in zip(whole.layers, left.layers, strict=True))


@pytest.mark.parametrize("name", METHODS)
@torch.inference_mode()
def test_half_precision_stays_half(name):
    model = make_llava().to(torch.bfloat16)
    prompt = prompt_for(model)
    prompt["pixel_values"] = prompt["pixel_values"].to(torch.bfloat16)
    with halved(name, model).apply(model):
        cache = filled(model, prompt)
        assert generate(model, prompt).shape == (2, 8)
    assert {part.dtype for layer in cache.layers for part in (layer.keys, layer.values)} == {torch.bfloat16}


@torch.inference_mode()
def test_errors_say_what_to_do(model):
    with pytest.raises(PrunariumError, match="together are a share above 0 and at most 1"):
        load("look-m", important=0.7, recent=0.5)
    prompt = one_of(prompt_for(model, after=0), 0)
    with load("vl-cache").apply(model), pytest.raises(PrunariumError, match="there is none in a prompt"):
        model(**prompt, use_cache=True)
