"""FastV against numbers that the paper's own code (its variant for transformers' Llava) gave."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPVisionConfig, DynamicCache, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

from prunarium import load
from prunarium.families import Attention
from prunarium.ops import Tokens

from . import recipe

CASES = {case["case"]: case for case in json.loads((Path(__file__).parent / "fastv.json").read_text())["cases"]}
IMAGE = 96


class Language(torch.nn.Module):
    """The language half of a Llava, under the names that a plain Llama has."""

    def __init__(self, llava):
        super().__init__()
        self.model, self.lm_head = llava.model.language_model, llava.lm_head


def llava_of(case):
    """A Llava whose Llama has the recorded weights, and whose prompt embeddings are the recorded ones."""
    params, words = case["params"], case["inputs"]["fill"]
    seed = int(words.split(",")[1])
    text = LlamaConfig(
        num_hidden_layers=params["layers"],
        hidden_size=64,
        num_attention_heads=4,
        num_key_value_heads=2 if "kv_heads=2" in case["inputs"]["model"] else 4,
        intermediate_size=128,
        vocab_size=97,
        max_position_embeddings=2048,
        rms_norm_eps=1e-6,
        tie_word_embeddings=False,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    vision = CLIPVisionConfig(
        num_hidden_layers=1, hidden_size=16, num_attention_heads=2, intermediate_size=16, image_size=28, patch_size=14
    )
    model = LlavaForConditionalGeneration(LlavaConfig(text_config=text, vision_config=vision, image_token_index=IMAGE))
    recipe.fill_hf(Language(model), seed, 2.0)
    model = model.double().eval()
    embeddings = recipe.draw(seed, 0, (1, params["sequence"], 64)).double()

    def recorded_embeddings(module, args, kwargs):
        if kwargs["inputs_embeds"].shape[1] == params["sequence"]:
            kwargs["inputs_embeds"] = embeddings
        return args, kwargs

    model.model.language_model.register_forward_pre_hook(recorded_embeddings, with_kwargs=True)
    ids = torch.full((1, params["sequence"]), 5)
    ids[:, params["image_start"] : params["image_start"] + params["image_tokens"]] = IMAGE
    return model, ids


@pytest.mark.parametrize("name", CASES)
def test_selection(name):
    case = CASES[name]
    params, expected = case["params"], case["outputs"]
    scores = torch.tensor(expected["score_last_row_mean_heads_over_image"])
    method = load("fastv", layer=params["K"], drop_rate=params["R"])
    tokens = Tokens(torch.zeros(1, params["image_tokens"], 1))
    kept = method.reduce(tokens, Attention(method.needs, {"last_attention": lambda: scores[None, None]}), params["K"])
    start = params["image_start"]
    image = [p - start for p in expected["kept_positions"] if start <= p < start + params["image_tokens"]]
    assert kept.count == expected["n_keep"]
    assert kept.moves[0].position[0].tolist() == image


@pytest.mark.parametrize("name", CASES)
def test_model_prefill_and_decode(name):
    case = CASES[name]
    params, expected = case["params"], case["outputs"]
    model, ids = llava_of(case)
    method = load("fastv", layer=params["K"], drop_rate=params["R"])
    cache = DynamicCache(config=model.config.text_config)
    with torch.no_grad(), method.apply(model) as handle:
        out = model(input_ids=ids, past_key_values=cache, use_cache=True, output_hidden_states=True)
        np.testing.assert_allclose(out.logits[0, -1, :16], expected["last_token_logits_first16"], atol=2e-5)
        assert out.logits[0, -1].argmax() == expected["last_token_argmax"]
        np.testing.assert_allclose(out.logits[0, -1].norm(), expected["last_token_logits_norm"], rtol=1e-5)
        check_hidden(out.hidden_states[-1], expected["final_hidden"])
        text = params["sequence"] - params["image_tokens"]
        assert [count + text for count in handle.report().tokens_out] == expected["tokens_per_layer"]
        assert lengths(cache) == expected["kv_cache_length_per_layer_after_prefill"]
        for step in expected["decode_steps"]:
            out = model(input_ids=torch.tensor([[step["token"]]]), past_key_values=cache, use_cache=True)
            np.testing.assert_allclose(out.logits[0, -1, :16], step["logits_first16"], atol=2e-5)
            assert lengths(cache) == step["kv_len"]
        uncached = model(input_ids=ids, use_cache=False).logits[0, -1, :16]
        np.testing.assert_allclose(uncached, expected["last_token_logits_first16"], atol=2e-5)
    with torch.no_grad():
        plain = model(input_ids=ids).logits[0, -1, :16]
    np.testing.assert_allclose(plain, expected["unpruned_last_token_logits_first16"], atol=2e-5)


def lengths(cache):
    return [layer.keys.shape[2] for layer in cache.layers]


def check_hidden(hidden, expected):
    assert list(hidden.shape) == expected["shape"]
    np.testing.assert_allclose(hidden.norm(), expected["norm"], rtol=1e-5)
    np.testing.assert_allclose(hidden.abs().sum(), expected["abs_sum"], rtol=1e-5)
    for row, values in expected["rows"].items():
        np.testing.assert_allclose(hidden[0, int(row), :6], values, atol=2e-5)
