"""Laws of a cache from which entries are taken: what is held, what is seen, in what order."""

import itertools
from typing import ClassVar

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import DynamicCache, GenerationConfig, StaticCache
from transformers.cache_utils import Cache, Fp8QuantizedLayer

from prunarium import PrunariumError, load
from prunarium.families import EvictingMethod, HeavyHitterMethod, with_budget
from prunarium.families.base import Shape
from prunarium.ops import highest

from .decoder_models import TOKENS, generate, held, make, padded, prompts

BOUNDED = {
    "streamingllm": {"sinks": 2},
    "h2o": {},
    "tova": {},
    "knorm": {},
    "keydiff": {},
    "vatp": {"sinks": 2},
}
"""Methods whose cache holds the same number of entries after every word, and their parameters for short prompts."""


class ByHead(HeavyHitterMethod):
    """Other numbers of entries in each head and layer, bounded."""

    needs: ClassVar[frozenset[str]] = frozenset({"attention_sums"})

    def keeps(self, entries, count, layer):
        heads = entries.keys.shape[1]
        more = torch.arange(heads).unsqueeze(0) + layer
        return highest(entries.known_weight, count + more, entries.visible)


def word_by_word(model, method, ids, words=10):
    """The cache of a prompt after each of some words, as places, and the logits of each word."""
    cache, places, logits = DynamicCache(config=model.config), [], []
    with method.apply(model):
        model(ids, past_key_values=cache, use_cache=True)
        places.append(held(cache))
        for word in range(words):
            logits.append(model(torch.tensor([[3 + word]]), past_key_values=cache, use_cache=True).logits[:, -1])
            places.append(held(cache))
    return places, torch.cat(logits), cache


@pytest.mark.parametrize("kind", ["llama", "qwen3", "gpt-neox", "opt"])
@torch.inference_mode()
def test_words_see_what_is_held_and_nothing_else(kind):
    """The stock model goes on from a cache that was cut by hand to the same places, before every word."""
    model, ids = make(kind), prompts(1)
    places, logits, _ = word_by_word(model, load("h2o", keep_rate=0.4), ids)
    whole = DynamicCache(config=model.config)
    model(ids, past_key_values=whole, use_cache=True)
    there = [torch.arange(TOKENS).expand(layer.keys.shape[1], -1) for layer in whole.layers]
    for word, (left, expected) in enumerate(zip(places, logits, strict=False)):
        cut(whole, there, left)
        there = [torch.cat([torch.tensor(layer), torch.full((len(layer), 1), TOKENS + word)], dim=1) for layer in left]
        position = torch.tensor([[TOKENS + word]])
        mask = {"attention_mask": torch.ones(1, whole.get_seq_length() + 1)} if kind == "opt" else {}
        found = model(torch.tensor([[3 + word]]), past_key_values=whole, position_ids=position, **mask).logits[:, -1]
        assert (found - expected).abs().max() <= 1e-5


def cut(cache, there, left):
    """Leave of a stock cache, of which it is known where its entries come from, those of some places."""
    for layer, places, stays in zip(cache.layers, there, left, strict=True):
        index = (places.unsqueeze(1) == torch.tensor(stays).unsqueeze(2)).int().argmax(dim=2)
        index = index[None, :, :, None].expand(-1, -1, -1, layer.keys.shape[-1])
        layer.keys, layer.values = layer.keys.gather(2, index), layer.values.gather(2, index)


@pytest.mark.parametrize("name", BOUNDED)
@settings(max_examples=8, deadline=None)
@given(rate=st.floats(0.2, 0.95), tokens=st.integers(16, 40), bounded=st.booleans())
@torch.inference_mode()
def test_lengths_are_the_closed_form_at_every_step(name, rate, tokens, bounded):
    method = load(name, keep_rate=rate, bounded=bounded, **BOUNDED[name])
    places, _, _ = word_by_word(make(), method, prompts(1, tokens), words=4)
    for step, layers in enumerate(places):
        expected = int(tokens * rate) + (0 if bounded else step)
        assert {len(head) for layer in layers for head in layer} == {expected}


@pytest.mark.parametrize(
    ("name", "parameters", "length"),
    [
        ("snapkv", {"window": 4}, lambda step: 12 + step),
        ("random", {}, lambda step: 12 + step),
        ("expected-attention", {}, lambda step: 12 + step),
        ("gemfilter", {}, lambda step: 12 + step),
        ("keyformer", {}, lambda step: 11),  # one fewer than its share, for the next word
        ("spatten-llm", {}, lambda step: 11),
        ("d2o", {"capacity": 27}, lambda step: min(24 + step, 27)),
        ("vatp", {"capacity": 27}, lambda step: min(24 + step, 27)),
        ("streamingllm", {"room": 3}, lambda step: min(9 + step, 12)),
    ],
)
@torch.inference_mode()
def test_lengths_of_the_others(name, parameters, length):
    places, _, _ = word_by_word(make(), load(name, keep_rate=0.5, **parameters), prompts(1), words=5)
    for step, layers in enumerate(places):
        assert {len(head) for layer in layers for head in layer} == {length(step)}


@torch.inference_mode()
def test_layers_of_a_pyramid():
    places, _, _ = word_by_word(make(), load("pyramidkv", window=4, beta=4, keep_rate=0.5), prompts(1), words=3)
    for step, layers in enumerate(places):
        # (12 - 4) // 4 = 2 before the window in the last layer, 14 in the first, in even steps
        assert [{len(head) for head in layer} for layer in layers] == [{18 + step}, {12 + step}, {6 + step}]


@pytest.mark.parametrize("name", BOUNDED)
@torch.inference_mode()
def test_an_evicted_entry_never_comes_back_and_order_is_kept(name):
    places, _, _ = word_by_word(make(), load(name, **BOUNDED[name]), prompts(1))
    for step, (before, after) in enumerate(itertools.pairwise(places)):
        for layer_before, layer_after in zip(before, after, strict=True):
            for head_before, head_after in zip(layer_before, layer_after, strict=True):
                assert set(head_after) <= {*head_before, TOKENS + step}
                assert head_after == sorted(head_after)


@pytest.mark.parametrize(
    ("name", "parameters", "first", "last"),
    [
        ("streamingllm", {"sinks": 3}, 3, 9),
        ("h2o", {}, 0, 6),
        ("vatp", {"sinks": 3}, 3, 6),
        ("vatp", {"sinks": 9}, 9, 3),
        ("spatten-llm", {"sinks": 3}, 3, 5),
    ],
)
@torch.inference_mode()
def test_sinks_and_windows_are_never_evicted(name, parameters, first, last):
    places, _, _ = word_by_word(make(), load(name, keep_rate=0.5, **parameters), prompts(1))
    for step, layers in enumerate(places):
        newest = TOKENS + step
        for head in (head for layer in layers for head in layer):
            assert set(range(first)) <= set(head)
            assert set(range(newest - last, newest)) <= set(head)


@torch.inference_mode()
def test_layers_that_share_a_total_hold_their_share_at_every_step():
    places, _, _ = word_by_word(make(), load("d2o", keep_rate=0.5, sinks=2), prompts(1))
    lengths = [[{len(head) for head in layer} for layer in layers] for layers in places]
    assert all(step == lengths[0] for step in lengths)
    assert sum(sum(layer) for layer in lengths[0]) == 3 * 12
    for step, layers in enumerate(places):
        for layer, heads in enumerate(layers):
            recent = TOKENS + step - round(min(lengths[0][layer]) / 2)
            assert all({0, 1, *range(recent, TOKENS + step)} <= set(head) for head in heads)


@pytest.mark.parametrize("name", ["snapkv", "pyramidkv"])
@torch.inference_mode()
def test_windows_of_the_prompt_and_all_words_stay(name):
    places, _, _ = word_by_word(make(), load(name, window=5, keep_rate=0.5), prompts(1))
    for step, layers in enumerate(places):
        assert all(set(range(TOKENS - 5, TOKENS + step)) <= set(head) for layer in layers for head in layer)


@torch.inference_mode()
def test_more_words_at_once_as_word_by_word():
    model, more = make(), torch.tensor([[5, 6, 7]])
    for method in (load("snapkv", window=4), load("h2o", bounded=False), load("streamingllm", bounded=False)):
        with method.apply(model):
            at_once = model(prompts(1), use_cache=True).past_key_values
            logits = model(more, past_key_values=at_once).logits[:, -1]
            by_word = model(prompts(1), use_cache=True).past_key_values
            for word in more[0]:
                step = model(word.view(1, 1), past_key_values=by_word).logits[:, -1]
        assert (logits - step).abs().max() <= 1e-5


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@torch.inference_mode()
def test_heads_that_hold_other_numbers_in_a_padded_batch(implementation):
    model = make()
    model.set_attn_implementation(implementation)
    try:
        inputs = padded()
        with ByHead(keep_rate=0.4).apply(model):
            together = generate(model, inputs, 12)
            alone = [generate(model, ids, 12) for ids in (inputs["input_ids"][:1], inputs["input_ids"][1:, 7:])]
        assert torch.equal(together, torch.cat(alone))
    finally:
        model.set_attn_implementation("sdpa")


@pytest.mark.parametrize("name", ["h2o", "gemfilter"])
@torch.inference_mode()
def test_embeddings_in_place_of_tokens(name):
    model, ids = make(), prompts(1)
    embeddings = model.get_input_embeddings()(ids)
    with load(name).apply(model):
        words = generate(model, ids)
        assert torch.equal(model.generate(inputs_embeds=embeddings, max_new_tokens=8, do_sample=False), words)


@torch.inference_mode()
def test_two_chats_at_a_time():
    """What is known of a cache goes with it."""
    model, method = make(), load("h2o")
    one, other = prompts(1), prompts(2)[1:]
    with method.apply(model):
        caches = [model(ids, use_cache=True).past_key_values for ids in (one, other)]
        word = torch.tensor([[9]])
        mixed = [model(word, past_key_values=cache).logits for cache in caches]
        apart = [model(word, past_key_values=model(ids).past_key_values).logits for ids in (one, other)]
    assert all(torch.equal(a, b) for a, b in zip(mixed, apart, strict=True))


@pytest.mark.parametrize("name", ["h2o", "streamingllm", "d2o"])
@torch.inference_mode()
def test_samples_of_a_cache_go_where_they_are_sent(name):
    """As beams are sent, or samples repeated."""
    model, inputs = make(), padded()
    word = torch.tensor([[7], [9], [7], [9]])
    with load(name).apply(model):
        caches = [model(**inputs, use_cache=True).past_key_values for _ in range(3)]
        caches[0].batch_repeat_interleave(2)
        caches[1].batch_select_indices(torch.tensor([0, 0, 1, 1]))
        caches[2].reorder_cache(torch.tensor([0, 0, 1, 1]))
        for _ in range(2):
            said = [model(word, past_key_values=cache).logits for cache in caches]
        apart = model(**inputs, use_cache=True).past_key_values
        for _ in range(2):
            alone = model(word[:2], past_key_values=apart).logits
    assert torch.equal(said[0], said[1])
    assert torch.equal(said[0], said[2])
    torch.testing.assert_close(said[0][0], alone[0])
    torch.testing.assert_close(said[0][3], alone[1])


@torch.inference_mode()
def test_bytes_are_those_of_the_entries():
    model = make()
    _, _, cache = word_by_word(model, load("tova", capacity=7), prompts(1), words=3)
    found = sum(part.nbytes for layer in cache.layers for part in (layer.keys, layer.values))
    assert found == 3 * 2 * 7 * 2 * 8 * 4  # layers, keys and values, entries, key heads, head dim, bytes


@torch.inference_mode()
def test_half_precision_stays():
    model = make("llama", dtype="bfloat16").to(torch.bfloat16)
    with load("h2o").apply(model):
        cache = model(prompts(), use_cache=True).past_key_values
        assert generate(model, prompts()).shape == (2, 8)
    assert {layer.keys.dtype for layer in cache.layers} == {torch.bfloat16}


def offloaded(model):
    """A cache that says that it lives elsewhere."""
    cache = DynamicCache(config=model.config)
    cache.offloading = True
    return cache


def halved_by_hand(model):
    """A cache whose layers do not keep keys as they are."""
    return Cache(layers=[Fp8QuantizedLayer() for _ in model.model.layers])


def with_sliding_window():
    return make("mistral", sliding_window=8)


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (lambda model: model(prompts(), use_cache=False), "works on the cache; do not pass use_cache=False"),
        (lambda model: model(prompts()[:, :0]), "the prompt is empty"),
        (lambda model: generate(model, prompts(), prefill_chunk_size=4), "is not supported while a method is applied"),
        (lambda model: generate(model, prompts(), prompt_lookup_num_tokens=2), "is not supported while a method"),
        (lambda model: generate(model, padded()["input_ids"], cache_implementation="static"), "use a dynamic cache"),
        (
            lambda model: model(prompts(), past_key_values=StaticCache(model.config, max_cache_len=64)),
            "use a dynamic cache",
        ),
        (lambda model: model(prompts(), past_key_values=offloaded(model)), "this one is offloaded"),
        (lambda model: model(prompts(), past_key_values=halved_by_hand(model)), "cannot be taken from a Fp8"),
        (lambda model: model(prompts(), attention_mask=torch.ones(2, 1, 24, 24)), r"attention_mask \[batch, tokens\]"),
        (lambda model: model(prompts(), attention_mask=padded()["attention_mask"].flip(1)), "pad on the left"),
    ],
)
@torch.inference_mode()
def test_what_cannot_be_says_so(problem, says):
    model = make()
    with load("h2o").apply(model), pytest.raises(PrunariumError, match=says):
        problem(model)


@torch.inference_mode()
def test_a_cache_that_was_emptied_reads_another_prompt():
    model = make()
    with load("streamingllm").apply(model):
        cache = model(prompts(1), use_cache=True).past_key_values
        cache.reset()
        again = model(prompts(2)[1:], past_key_values=cache)
        fresh = model(prompts(2)[1:], use_cache=True)
        words = [model(torch.tensor([[7]]), past_key_values=one.past_key_values).logits for one in (again, fresh)]
    assert torch.equal(*words)


@torch.inference_mode()
def test_a_cache_of_the_untouched_model_is_refused():
    model = make()
    cache = model(prompts(1), use_cache=True).past_key_values
    with load("h2o").apply(model), pytest.raises(PrunariumError, match="filled without the method"):
        model(torch.tensor([[5]]), past_key_values=cache)


def test_models_that_cannot_be_say_so():
    with pytest.raises(PrunariumError, match="sliding windows"):
        load("h2o").apply(with_sliding_window())
    with pytest.raises(PrunariumError, match="OPTForCausalLM has no rotary embedding"):
        load("streamingllm").apply(make("opt"))
    assert load("streamingllm", turned=False).apply(make("opt")).remove() is None


@torch.inference_mode()
def test_a_budget_below_what_always_stays_says_so():
    method, model = load("snapkv", window=8, keep_rate=0.25), make()
    with method.apply(model), pytest.raises(PrunariumError, match="may keep 6 of 24 tokens, fewer than the 8 that"):
        model(prompts(1), use_cache=True)
    with pytest.raises(PrunariumError, match=r"cannot reach budget 0\.1; the nearest it comes is 0\.333"):
        with_budget(method, 0.1, Shape("decoder", 3, 0, 24, (), 32))


@torch.inference_mode()
def test_beams_of_a_method_that_has_no_rule_for_them_say_so():
    class Alone(HeavyHitterMethod):
        beams: ClassVar[bool] = False

    model = make()
    with Alone().apply(model):
        assert generate(model, prompts(1)).shape == (1, 8)
        for options in ({"num_beams": 2}, {"generation_config": GenerationConfig(num_beams=2)}):
            with pytest.raises(PrunariumError, match="no rule for beams"):
                generate(model, prompts(1), **options)


def test_methods_of_a_cache_are_not_composed():
    with pytest.raises(PrunariumError, match="cannot be composed"):
        load("h2o") + load("snapkv")
    assert issubclass(type(load("snapkv")), EvictingMethod)
