"""Tokens added behind an image: the sequence grows, and all that counts its tokens follows."""

from typing import ClassVar

import pytest
import torch

from prunarium import load
from prunarium.families import shape_of

from .vlm_models import IMAGE, MODELS, generate, make_llava, one_of, places_of, prompt_for, step_by_step

NUMBER = 5


def registers(name="victor", **parameters):
    return load(name, weights="random", number=NUMBER, **parameters)


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@pytest.mark.parametrize("name", ["victor", "voco-llama"])
@torch.inference_mode()
def test_padded_samples_are_as_alone(name, implementation):
    model = make_llava()
    model.set_attn_implementation(implementation)
    prompt = prompt_for(model)
    ids = torch.nn.functional.pad(prompt["input_ids"], (3, 0))
    padded = {**prompt, "input_ids": ids, "attention_mask": (torch.arange(ids.shape[1]) > 2).int().expand(2, -1)}
    with registers(name).apply(model):
        assert torch.equal(generate(model, padded), generate(model, prompt))
        beams = generate(model, padded, num_beams=2)
        assert torch.equal(beams, generate(model, prompt, num_beams=2))


@pytest.mark.parametrize("kind", MODELS)
@torch.inference_mode()
def test_words_from_the_cache_are_those_read_anew(kind):
    """Victor's registers never look at the question: what is generated does not depend on how the prompt is read."""
    model = MODELS[kind]()
    prompt = one_of(prompt_for(model), 0)
    with registers().apply(model) as handle:
        assert torch.equal(generate(model, prompt), step_by_step(model, prompt))
        report = handle.report()
        assert report.tokens_out == [report.tokens_in[0] + NUMBER] + [NUMBER] * 5


@pytest.mark.parametrize("kind", ["llava", "llava-next"])
@torch.inference_mode()
def test_every_image_has_its_own(kind):
    """Several images of one prompt: registers stand behind each, and stay when the images leave."""
    model = MODELS[kind]()
    prompt = prompt_for(model, samples=1, images=2)
    each = places_of(model, prompt["image_sizes"][0]) if kind == "llava-next" else 36
    with registers(layer=2).apply(model) as handle:
        cache = model(**prompt, use_cache=True).past_key_values
        report = handle.report()
        left = model.model.language_model.layers[5].forward.__self__.columns[0]
    assert report.tokens_out == [2 * (each + NUMBER)] * 2 + [2 * NUMBER] * 4
    text = int((prompt["input_ids"] != IMAGE).sum())
    assert [layer.keys.shape[2] for layer in cache.layers][-1] == text + 2 * NUMBER
    first = [4 + each, 4 + each + NUMBER + 6 + each]  # where the registers of each image begin
    assert all(set(range(start, start + NUMBER)) <= set(left.tolist()) for start in first)
    assert len(left) == text + 2 * NUMBER


@torch.inference_mode()
def test_no_registers_is_no_method():
    model = make_llava()
    prompt = one_of(prompt_for(model), 0)
    due = model(**prompt).logits
    for name in ("victor", "voco-llama"):
        method = load(name, weights="random", number=0)
        assert list(method.acts_at(shape_of(method, model))) == []
        with method.apply(model) as handle:
            assert torch.equal(model(**prompt).logits, due)
            assert handle.report().budget == 1


@torch.inference_mode()
def test_a_fused_token_is_an_added_one():
    model, seen = make_llava(), []

    class Looking(type(load("prumerge"))):
        needs: ClassVar = frozenset({"cls_attention", "added"})

        def acts_at(self, shape):
            return (1, 2)

        def reduce(self, tokens, attention, block):
            seen.append(attention.added)
            return tokens.keep(torch.tensor([[8, 9, 0]])) if block == 1 else tokens

    with Looking(keep_rate=0.25).apply(model):
        model(**one_of(prompt_for(model), 0))
    assert seen[0].tolist() == [[False] * 9 + [True]]
    assert seen[1].tolist() == [[False, False, True]]  # in the order of the sequence again
