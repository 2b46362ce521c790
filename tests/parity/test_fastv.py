"""FastV against numbers that the paper's own code (its variant for transformers' Llava) gave."""

import numpy as np
import pytest
import torch
from transformers import DynamicCache

from prunarium import load
from prunarium.families import Attention
from prunarium.ops import Tokens

from .vlm_models import cases, check_summary, lengths, llava_of

CASES = cases("fastv")


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
    model, prompt = llava_of(case)
    method = load("fastv", layer=params["K"], drop_rate=params["R"])
    cache = DynamicCache(config=model.config.text_config)
    with torch.no_grad(), method.apply(model) as handle:
        out = model(**prompt, past_key_values=cache, use_cache=True, output_hidden_states=True)
        np.testing.assert_allclose(out.logits[0, -1, :16], expected["last_token_logits_first16"], atol=2e-5)
        assert out.logits[0, -1].argmax() == expected["last_token_argmax"]
        np.testing.assert_allclose(out.logits[0, -1].norm(), expected["last_token_logits_norm"], rtol=1e-5)
        check_summary(out.hidden_states[-1], expected["final_hidden"])
        text = params["sequence"] - params["image_tokens"]
        assert [count + text for count in handle.report().tokens_out] == expected["tokens_per_layer"]
        assert lengths(cache) == expected["kv_cache_length_per_layer_after_prefill"]
        for step in expected["decode_steps"]:
            out = model(input_ids=torch.tensor([[step["token"]]]), past_key_values=cache, use_cache=True)
            np.testing.assert_allclose(out.logits[0, -1, :16], step["logits_first16"], atol=2e-5)
            assert lengths(cache) == step["kv_len"]
        uncached = model(**prompt, use_cache=False).logits[0, -1, :16]
        np.testing.assert_allclose(uncached, expected["last_token_logits_first16"], atol=2e-5)
    with torch.no_grad():
        plain = model(**prompt).logits[0, -1, :16]
    np.testing.assert_allclose(plain, expected["unpruned_last_token_logits_first16"], atol=2e-5)
