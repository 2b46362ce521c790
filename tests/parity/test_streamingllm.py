"""StreamingLLM against what its own code keeps, and what it says in a tiny Llama, word by word and after a prompt."""

import pytest
import torch

from prunarium import load

from .decoder_models import check_logits, llama_of, tokens_of, whole
from .vlm_models import cases, check_summary

CASES = cases("streamingllm")
POLICIES = [name for name, case in CASES.items() if case["level"] == "policy"]
BY_WORD = [name for name, case in CASES.items() if case["level"] != "policy" and not case["params"]["prompt"]]
CHATS = [name for name, case in CASES.items() if case["level"] != "policy" and case["params"]["prompt"]]


def method_for(params, **parameters):
    return load("streamingllm", sinks=params["start"], capacity=params["start"] + params["recent"], **parameters)


@pytest.mark.parametrize("name", POLICIES)
def test_what_stays(name):
    params, expected = CASES[name]["params"], CASES[name]["outputs"]
    contents = torch.zeros(1, 1, params["length"], 1)
    (kept,) = method_for(params).evict([whole(contents, contents)])
    assert kept.place[0, 0].tolist() == expected["kept_after_call"]
    (kept,) = method_for(params, room=params["num_coming"]).evict([whole(contents, contents)])
    assert kept.place[0, 0].tolist() == expected["kept_after_evict_for_space"]


@pytest.mark.parametrize("name", BY_WORD)
@torch.inference_mode()
def test_word_by_word(name):
    case, model = CASES[name], llama_of(CASES[name])
    tokens, expected = tokens_of(case), {one["token_index"]: one for one in case["outputs"]["steps"]}
    cache = None
    with method_for(case["params"]).apply(model):
        for index in range(tokens.shape[1]):
            output = model(tokens[:, index : index + 1], past_key_values=cache, use_cache=True)
            cache = output.past_key_values
            if index in expected:
                check_logits(output.logits, expected[index])
                assert cache.get_seq_length() == expected[index]["cache_length_after"]
    check_summary(cache.layers[-1].keys, case["outputs"]["last_layer_cached_keys_unrotated"])


@pytest.mark.parametrize("name", CHATS)
@torch.inference_mode()
def test_after_a_prompt(name):
    case, model = CASES[name], llama_of(CASES[name])
    tokens, count = tokens_of(case), case["params"]["prompt"]
    prefill, evicted, *steps = case["outputs"]["steps"]
    with method_for(case["params"], room=evicted["num_coming"]).apply(model):
        output = model(tokens[:, :count], use_cache=True)
        cache = output.past_key_values
        check_logits(output.logits, prefill)
        assert cache.get_seq_length() == evicted["cache_length_after"]
        for step, expected in enumerate(steps):
            output = model(tokens[:, count + step : count + step + 1], past_key_values=cache)
            check_logits(output.logits, expected)
            assert cache.get_seq_length() == expected["cache_length_after"]
    check_summary(cache.layers[-1].keys, case["outputs"]["last_layer_cached_keys_unrotated"])
