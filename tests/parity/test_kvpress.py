"""Methods that choose once, after the prompt, against what kvpress keeps in a tiny Llama, and what it then says."""

import numpy as np
import pytest
import torch

from prunarium import load

from .decoder_models import check_logits, llama_of, tokens_of
from .vlm_models import cases

METHODS = {
    "knorm": ("knorm", {"bounded": False}),
    "keydiff": ("keydiff", {"bounded": False}),
    "tova": ("tova", {"bounded": False}),
    "expected_attention": ("expected-attention", {}),
    "kvpress_snapkv": ("snapkv", {"window": 8, "kernel": 5}),
    "kvpress_streaming": ("streamingllm", {"turned": False, "bounded": False}),
    "kvpress_observed_attention": ("h2o", {"average": True, "recent": 0.0, "bounded": False}),
}
CASES = {(file, name): case for file in METHODS for name, case in cases(file).items()}


@pytest.mark.parametrize("file_and_name", CASES, ids=" ".join)
@torch.inference_mode()
def test_cache_and_words_after_the_prompt(file_and_name):
    case = CASES[file_and_name]
    name, parameters = METHODS[file_and_name[0]]
    rate = 1 - case["params"]["compression_ratio"]
    model, tokens, count = llama_of(case), tokens_of(case), case["params"]["T"]
    if "n_future_positions" in case["params"]:
        parameters = {**parameters, "coming": case["params"]["n_future_positions"]}
    if "n_sink" in case["params"]:
        parameters = {**parameters, "sinks": case["params"]["n_sink"]}
    with load(name, keep_rate=rate, **parameters).apply(model):
        output = model(tokens[:, :count], use_cache=True)
        cache = output.past_key_values
        for layer, expected in zip(cache.layers, case["outputs"]["layers"], strict=True):
            assert layer.get_seq_length() == expected["cache_length"]
            assert layer.entries.place[0].tolist() == expected["kept_positions_sorted_per_kv_head"]
            np.testing.assert_allclose(layer.keys.norm(), expected["keys_norm"], rtol=1e-5)
            np.testing.assert_allclose(layer.values.norm(), expected["values_norm"], rtol=1e-5)
        first = {"logits_first12": case["outputs"]["prefill_last_logits_first12"]}
        check_logits(output.logits, first)
        for word, expected in enumerate(case["outputs"]["decode_steps"]):
            place = count + word
            assert int(cache.layers[0].position) == expected["position_id"]
            check_logits(model(tokens[:, place : place + 1], past_key_values=cache).logits, expected)
