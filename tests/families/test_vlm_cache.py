"""Methods that evict from the key-value cache after the prompt has been read."""

from typing import ClassVar

import pytest
import torch
from transformers import DynamicCache

from prunarium.families import VlmMethod, shape_of, tokens_per_block
from prunarium.ops import DROPPED, down_to

from .vlm_models import MODELS, PATCHES, generate, make_llava, one_of, prompt_for


class Evicting(VlmMethod):
    """Each key head keeps the text and the image tokens that it attended to most; a layer less than the one before."""

    needs: ClassVar[frozenset[str]] = frozenset({"full_attention"})
    keep: int = 8

    def weigh(self, attention, layer):
        return attention.full_attention.mean(dim=2)

    def evict(self, cache, weights):
        kept = []
        for layer, (entries, weight) in enumerate(zip(cache, weights, strict=True)):
            count = int((~entries.image[0, 0]).sum()) + max(self.keep - layer, 0)
            wanted = weight.masked_fill(~entries.image, torch.inf)
            kept.append(entries.keep(wanted.topk(min(count, entries.count), dim=2).indices.sort(dim=2).values))
        return kept


@pytest.mark.parametrize("kind", MODELS)
@torch.inference_mode()
def test_as_a_cache_cut_by_hand(kind):
    """The stock model goes on from the entries that are left, at the position that it would have had."""
    model = MODELS[kind]()
    prompt = one_of(prompt_for(model), 0)
    count = prompt["input_ids"].shape[1]
    whole, cut = DynamicCache(config=model.config.text_config), DynamicCache(config=model.config.text_config)
    with Evicting().apply(model) as handle:
        logits = model(**prompt, past_key_values=cut, use_cache=True).logits
        report = handle.report()
        places = [handle_layer.place for handle_layer in _evicted(model)]
        word = {"input_ids": torch.tensor([[7]]), "position_ids": _position(model, count)}
        ours = model(**word, past_key_values=cut).logits
    assert torch.equal(model(**prompt, past_key_values=whole, use_cache=True).logits, logits)
    for layer, place in zip(whole.layers, places, strict=True):
        index = place.unsqueeze(-1).expand(-1, -1, -1, layer.keys.shape[-1])
        layer.keys, layer.values = layer.keys.gather(2, index), layer.values.gather(2, index)
    assert (model(**word, past_key_values=whole).logits - ours).abs().max() <= 1e-5
    image = report.tokens_in[0]
    assert [record.cached for record in report.blocks] == [8, 7, 6, 5, 4, 3]
    assert report.tokens_out == [image] * 6
    assert report.budget == pytest.approx(33 / (6 * image))


def _evicted(model):
    """What each layer was left with, found on the methods that shadow the layers' own."""
    return [layer.forward.__self__.evicted for layer in model.model.language_model.layers]


def _position(model, count):
    if hasattr(model.model, "rope_deltas"):
        return (count + model.model.rope_deltas).expand(3, -1, -1)
    return torch.tensor([[count]])


@torch.inference_mode()
def test_bytes_are_those_of_the_entries():
    model = make_llava()
    prompt = prompt_for(model)
    text = prompt["input_ids"].shape[1] - PATCHES
    cache = DynamicCache(config=model.config.text_config)
    with Evicting().apply(model):
        model(**prompt, past_key_values=cache, use_cache=True)
    found = sum(part.nbytes for layer in cache.layers for part in (layer.keys, layer.values))
    entries = sum(text + kept for kept in (8, 7, 6, 5, 4, 3))
    assert found == 2 * 2 * entries * 2 * 8 * 4  # keys and values, samples, entries, key heads, head dim, bytes


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@torch.inference_mode()
def test_padding_and_batches_change_nothing(implementation):
    model = make_llava()
    model.set_attn_implementation(implementation)
    prompt = prompt_for(model)
    pad = torch.zeros(2, 3, dtype=torch.long)
    padded = {
        "input_ids": torch.cat([pad, prompt["input_ids"]], dim=1),
        "attention_mask": torch.cat([pad, torch.ones_like(prompt["input_ids"])], dim=1),
        "pixel_values": prompt["pixel_values"],
    }
    with Evicting().apply(model):
        together, beams = generate(model, prompt), generate(model, prompt, num_beams=2)
        alone = [generate(model, one_of(prompt, number)) for number in range(2)]
        beams_alone = [generate(model, one_of(prompt, number), num_beams=2) for number in range(2)]
        assert torch.equal(together, torch.cat(alone))
        assert torch.equal(beams, torch.cat(beams_alone))
        assert torch.equal(generate(model, padded), together)


@torch.inference_mode()
def test_more_text_on_the_cache_as_word_by_word():
    model = make_llava()
    prompt, more = one_of(prompt_for(model), 0), torch.tensor([[5, 6, 7]])
    with Evicting().apply(model):
        at_once = model(**prompt, use_cache=True).past_key_values
        logits = model(input_ids=more, past_key_values=at_once).logits[:, -1]
        by_word = model(**prompt, use_cache=True).past_key_values
        for word in more[0]:
            step = model(input_ids=word.view(1, 1), past_key_values=by_word).logits[:, -1]
    assert (logits - step).abs().max() <= 1e-5


def test_counts_are_known_without_a_model():
    from dataclasses import replace

    method, model = Evicting(), make_llava()
    shape = replace(shape_of(method, model), tokens=PATCHES)
    assert tokens_per_block(Evicting(keep=20), shape) == [20, 19, 18, 17, 16, 15]


@torch.inference_mode()
def test_sources_stay_those_of_the_prompt():
    model = make_llava()
    with Evicting().apply(model) as handle:
        model(**prompt_for(model), use_cache=True)
        assert (handle.source() != DROPPED).all()


class Trimming(Evicting):
    """After every word too, so that each layer keeps its share of all tokens; the last two stay."""

    def trim(self, entries, share, read):
        return down_to(entries, share * read, 3)


@pytest.mark.parametrize("kind", MODELS)
@torch.inference_mode()
def test_words_trim_the_cache_as_by_hand(kind):
    """The stock model goes on from the entries that are left after every word."""
    model, stock = MODELS[kind](), MODELS[kind]()
    prompt = one_of(prompt_for(model), 0)
    count = prompt["input_ids"].shape[1]
    whole, cut = DynamicCache(config=model.config.text_config), DynamicCache(config=model.config.text_config)
    stock(**prompt, past_key_values=whole, use_cache=True)
    places = [torch.arange(count).expand(1, 2, -1)] * 6
    with Trimming().apply(model):
        model(**prompt, past_key_values=cut, use_cache=True)
        first = [one.place for one in _evicted(model)]
        for word in range(count, count + 6):
            _cut_by_hand(whole, places, [one.place for one in _evicted(model)])
            places = [torch.cat([one.place, torch.full((1, 2, 1), word)], dim=2) for one in _evicted(model)]
            ids, position = torch.tensor([[word % 50]]), {"position_ids": _position(stock, word)}
            needed = position if kind.startswith("qwen") else {}
            ours = model(input_ids=ids, past_key_values=cut, **needed).logits
            assert (stock(input_ids=ids, past_key_values=whole, **position).logits - ours).abs().max() <= 1e-5
        last = [one.place for one in _evicted(model)]
    assert any(not set(one[0, 0].tolist()) <= set(other[0, 0].tolist()) for one, other in zip(first, last, strict=True))
    for before, after in zip(first, last, strict=True):
        assert after.shape[2] - 1 < before.shape[2] / count * (count + 6) <= after.shape[2] + 1
        assert after[0, 0, -2:].tolist() == [count + 4, count + 5]


def _cut_by_hand(cache, places, left):
    """Leave a stock cache, of which it is known where its entries come from, those of some places."""
    for layer, there, stays in zip(cache.layers, places, left, strict=True):
        index = (there.unsqueeze(2) == stays.unsqueeze(3)).int().argmax(dim=3)
        index = index.unsqueeze(-1).expand(-1, -1, -1, layer.keys.shape[-1])
        layer.keys, layer.values = layer.keys.gather(2, index), layer.values.gather(2, index)


@torch.inference_mode()
def test_attention_of_the_question_is_that_of_its_rows():
    """Of padded prompts as well; what a layer offers to ``weigh`` is its own."""
    found = []

    class Looking(Evicting):
        needs: ClassVar[frozenset[str]] = frozenset(
            {"full_attention", "question_attention", "question_there", "prompt_there", "text_attention"}
        )

        def weigh(self, attention, layer):
            found.append({name: getattr(attention, name) for name in self.needs})
            return super().weigh(attention, layer)

    model = make_llava()
    model.set_attn_implementation("eager")
    prompt = prompt_for(model)
    prompt["attention_mask"] = torch.ones_like(prompt["input_ids"])
    prompt["attention_mask"][1, :2] = 0
    attentions = model(**prompt, output_attentions=True).attentions
    with Looking().apply(model):
        model(**prompt, use_cache=True)
    for expected, one in zip(attentions, found, strict=True):
        there = prompt["attention_mask"].bool()
        assert torch.equal(one["prompt_there"], there)
        assert one["question_there"].all()
        rows = one["question_attention"]
        assert (rows - expected[:, :, -6:]).abs().max() <= 1e-5
        assert torch.equal(rows[..., 4 : 4 + PATCHES], one["text_attention"])
        assert torch.equal(rows, one["full_attention"][:, :, -6:])


@torch.inference_mode()
def test_words_of_different_length_trim_by_what_is_there():
    """More text on the cache, padded on its left for one sample: as that sample alone, without the padding."""
    model = make_llava()
    prompt, more = prompt_for(model), torch.tensor([[5, 6, 7], [0, 8, 9]])
    mask = torch.cat([torch.ones_like(prompt["input_ids"]), (more > 0).long()], dim=1)
    with Trimming().apply(model):
        cache = model(**prompt, use_cache=True).past_key_values
        count = prompt["input_ids"].shape[1]
        position = torch.tensor([[count, count + 1, count + 2], [count, count, count + 1]])
        model(input_ids=more, attention_mask=mask, position_ids=position, past_key_values=cache)
        lengths = [one.lengths for one in _evicted(model)]
        logits = model(
            input_ids=torch.tensor([[3], [4]]),
            attention_mask=torch.nn.functional.pad(mask, (0, 1), value=1),
            position_ids=position[:, -1:] + 1,
            past_key_values=cache,
        ).logits
        for number, words in enumerate(([[5, 6, 7]], [[8, 9]])):
            alone = model(**one_of(prompt, number), use_cache=True).past_key_values
            model(input_ids=torch.tensor(words), past_key_values=alone)
            assert [one.lengths[0, 0] for one in _evicted(model)] == [one[number, 0] for one in lengths]
            expected = model(input_ids=torch.tensor([[3 + number]]), past_key_values=alone).logits
            assert (expected[0, -1] - logits[number, -1]).abs().max() <= 1e-5
