"""Bytes of the key-value cache: measured on its tensors, and the closed form, agree for every way to drop tokens."""

import dataclasses
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import DynamicCache, LlamaConfig

from prunarium import PrunariumError, load
from prunarium.bench.kv_cache import as_cache, audit, bytes_of, closed_form, held_after
from prunarium.families import VlmMethod
from tests.families.test_vlm_cache import Evicting
from tests.families.vlm_models import MODELS, PATCHES, make_llava, one_of, prompt_for

LAYERS, KEY_HEADS, HEAD_DIM = 6, 2, 8


def by_hand(entries, size=4):
    return sum(2 * count * KEY_HEADS * HEAD_DIM * size for count in entries)


@pytest.mark.parametrize("kind", MODELS)
def test_the_untouched_model_holds_the_whole_prompt(kind):
    model = MODELS[kind]()
    prompt = one_of(prompt_for(model), 0)
    length = prompt["input_ids"].shape[1]
    found = held_after(model, prompt)
    assert found.entries == [length] * LAYERS
    assert found.bytes == by_hand([length] * LAYERS)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("name, parameters", [("fastv", {"layer": 2}), ("random", {}), ("grid-pooling", {})])
def test_what_is_dropped_is_not_held(kind, name, parameters):
    """Inside the language model, before its first layer, and before the model."""
    model = MODELS[kind]()
    prompt = one_of(prompt_for(model), 0)
    with load(name, **parameters).apply(model) as handle:
        found = held_after(model, prompt, handle)
        report = handle.report()
    text = prompt["input_ids"].shape[1] - report.tokens_in[0]
    assert found.read == report.tokens_out and found.read[-1] < report.tokens_in[0]
    assert found.entries == [text + count for count in found.read]
    assert found.bytes == by_hand(found.entries)


@pytest.mark.parametrize("kind", MODELS)
def test_what_is_evicted_was_read_and_is_not_held(kind):
    model = MODELS[kind]()
    prompt = one_of(prompt_for(model), 0)
    with Evicting().apply(model) as handle:
        found = held_after(model, prompt, handle)
        image = handle.report().tokens_in[0]
        assert handle.report().per_sample(1).tolist() == [[8, 7, 6, 5, 4, 3]]
    text = prompt["input_ids"].shape[1] - image
    assert found.read == [image] * LAYERS
    assert found.entries == [text + kept for kept in (8, 7, 6, 5, 4, 3)]
    assert found.bytes == by_hand(found.entries)


class Uneven(VlmMethod):
    """The first key head keeps everything, the second half of it."""

    def weigh(self, attention, layer):
        return torch.zeros(1, 1, 1)

    def evict(self, cache, weights):
        kept = torch.ones_like(cache[0].image)
        kept[:, 1, ::2] = False
        return [entries.only(kept) for entries in cache]


def test_heads_that_hold_less_are_filled_up_in_memory():
    model = make_llava()
    prompt = one_of(prompt_for(model), 0)
    length = prompt["input_ids"].shape[1]
    with Uneven().apply(model) as handle:
        found = held_after(model, prompt, handle)
    assert found.entries == [(length + length // 2) / 2] * LAYERS
    assert found.bytes == by_hand([length] * LAYERS)


class Viewing(VlmMethod):
    """Keeps the first entries, but as a view of all of them."""

    def weigh(self, attention, layer):
        return torch.zeros(1, 1, 1)

    def evict(self, cache, weights):
        parts = ("keys", "values", "place", "image")
        return [dataclasses.replace(one, **{name: getattr(one, name)[:, :, :9] for name in parts}) for one in cache]


def test_a_view_of_what_was_dropped_is_no_saving():
    model = make_llava()
    prompt = one_of(prompt_for(model), 0)
    spared = by_hand([prompt["input_ids"].shape[1] - 9] * LAYERS)
    too_many = pytest.raises(PrunariumError, match=rf"so {spared:,} are too many: .* behind a view")
    with Viewing().apply(model) as handle, too_many:
        held_after(model, prompt, handle)


def test_half_precision_is_half_of_the_bytes():
    model = make_llava().to(torch.bfloat16)
    prompt = one_of(prompt_for(model), 0)
    assert prompt["pixel_values"].dtype == torch.float32, "it is rounded on the way"
    length = prompt["input_ids"].shape[1]
    assert held_after(model, prompt).bytes == by_hand([length] * LAYERS, size=2)


counts = st.lists(st.integers(1, 9), min_size=1, max_size=4)


@given(counts, st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.sampled_from([torch.float32, torch.float16]))
def test_the_closed_form_is_that_of_any_cache(entries, heads, shared, dim, dtype):
    dim = 2 * dim  # rotary embeddings need an even one
    config = LlamaConfig(
        hidden_size=heads * shared * dim, num_attention_heads=heads * shared, num_key_value_heads=heads, head_dim=dim
    )
    cache = DynamicCache()
    for layer, count in enumerate(entries):
        keys, values = torch.ones(2, 1, heads, count, dim, dtype=dtype)
        cache.update(keys, values, layer)
    found, due = bytes_of(cache), closed_form(SimpleNamespace(config=config), entries, dtype)
    audit(found, due)
    with pytest.raises(PrunariumError, match="1 are missing: a layer holds less than its report says"):
        audit(found, due + 1)


def test_samples_that_differ_are_recorded_by_their_mean():
    model = make_llava()
    short, long = (one_of(prompt_for(model, after=after), 0) for after in (6, 8))
    untouched = [held_after(model, one) for one in (short, long)]
    with load("fastv", drop_rate=0.5).apply(model) as handle:
        cache = as_cache(untouched, [held_after(model, one, handle) for one in (short, long)])
    assert cache.entries_baseline == [PATCHES + 4 + 7] * LAYERS
    assert cache.entries == [PATCHES + 11] * 2 + [PATCHES / 2 + 11] * 4
    assert cache.tokens_read == [PATCHES] * 2 + [PATCHES / 2] * 4
    assert cache.bytes_baseline == by_hand([PATCHES + 11] * LAYERS)
    assert cache.bytes == by_hand([PATCHES + 11] * 2 + [PATCHES // 2 + 11] * 4)
