"""H2O against what its own code keeps of given attention, and in a tiny Llama."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from prunarium import load
from prunarium.ops import Entries, received

from . import recipe
from .decoder_models import check_logits, drawn, llama_of, tokens_of
from .vlm_models import cases, check_summary

CASES = cases("h2o")
GIVEN = [name for name, case in CASES.items() if "prefill_attention" in case["inputs"]]
MODELS = [name for name in CASES if name not in GIVEN]


def method_for(params):
    capacity = params["hh_size"] + params["recent_size"]
    return load("h2o", capacity=capacity, recent=params["recent_size"] / capacity)


def check(entries, expected):
    assert entries.place[0].tolist() == expected["kept_positions"]
    np.testing.assert_allclose(entries.weight[0], expected["kept_scores"], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", GIVEN)
def test_what_stays_of_given_attention(name):
    case, method = CASES[name], method_for(CASES[name]["params"])
    heads, tokens = case["params"]["heads"], case["params"]["T"]
    logits = drawn(case["inputs"]["prefill_attention"])
    above = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
    weight = received(logits.masked_fill(above, -torch.inf).softmax(-1))
    prefill, *steps = case["outputs"]["steps"]
    np.testing.assert_allclose(weight[0, 0], prefill["score_column_sums_head0"], rtol=1e-6, atol=1e-6)
    contents = torch.zeros(1, heads, tokens, 1)
    prompt = Entries(contents, contents, torch.arange(tokens).expand(1, heads, -1), weight=weight)
    (entries,) = method.evict([prompt])
    check(entries, prefill)
    seed = int(case["inputs"]["prefill_attention"].split("draw(")[1].split(",")[0])
    for step, expected in enumerate(steps):
        count = entries.count
        row = recipe.draw(seed, 100 + step, (1, heads, 1, count + 1), "feature", 2.0).double().softmax(-1)
        old = torch.nn.functional.pad(entries.weight, (0, 1))
        contents = torch.zeros(1, heads, count + 1, 1)
        place = torch.nn.functional.pad(entries.place, (0, 1), value=tokens + step)
        entries = replace(
            entries, keys=contents, values=contents, place=place, weight=method.carried(old, received(row))
        )
        read = torch.tensor([[tokens]])
        entries = method.trim(entries, read, read, 0)
        check(entries, expected)


@pytest.mark.parametrize("name", MODELS)
@torch.inference_mode()
def test_whole_model(name):
    case, model = CASES[name], llama_of(CASES[name])
    tokens, count = tokens_of(case), case["params"]["prompt"]
    prefill, *steps = case["outputs"]["steps"]
    with method_for(case["params"]).apply(model):
        output = model(tokens[:, :count], use_cache=True)
        cache = output.past_key_values
        check_logits(output.logits, prefill)
        for step, expected in enumerate(steps):
            assert int(cache.layers[0].position) == expected["position_id"]
            output = model(tokens[:, count + step : count + step + 1], past_key_values=cache)
            check_logits(output.logits, expected)
            assert [layer.get_seq_length() for layer in cache.layers] == expected["cache_length"]
    check_summary(cache.layers[-1].keys, case["outputs"]["last_layer_keys"])
    check_summary(cache.layers[-1].values, case["outputs"]["last_layer_values"])
