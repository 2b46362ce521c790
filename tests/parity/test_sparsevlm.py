"""SparseVLM against numbers that the paper's own code gave, in both of its versions."""

import numpy as np
import pytest
import torch
from transformers import DynamicCache

from prunarium import PrunariumError, load
from prunarium.families import Attention, Shape
from prunarium.ops import DROPPED, Tokens, density_peaks, merge_groups

from . import recipe
from .vlm_models import cases, check_summary, lengths, llava_of

CASES = cases("sparsevlm")
MODELS = [name for name, case in CASES.items() if case["level"] == "whole model"]
TOLERANCE = 2e-6  # the official mean of a cluster divides by its count and a millionth


def method_of(params):
    return load(
        "sparsevlm",
        version="1.5" if "1.5" in params["version"] else "2.0",
        layers=tuple(params["prune_layers"]),
        keep_rates=tuple(count / params["image_tokens"] for count in params["keep_counts"]),
    )


def watched(method, seen):
    """The same method, which notes every score and every reduction."""

    class Watched(type(method)):
        def score(self, attention, raters):
            found = super().score(attention, raters)
            seen.append({"score": found[0], "raters": raters[0]})
            return found

        def reduce(self, tokens, attention, block):
            after = super().reduce(tokens, attention, block)
            if block:
                seen[-1]["after"] = after
            return after

    return Watched(**method.model_dump())


@pytest.mark.parametrize("name", MODELS)
@torch.inference_mode()
def test_model_prefill_and_decode(name):
    case = CASES[name]
    params, expected = case["params"], case["outputs"]
    model, prompt = llava_of(case)
    cache, seen = DynamicCache(config=model.config.text_config), []
    with watched(method_of(params), seen).apply(model) as handle:
        out = model(**prompt, past_key_values=cache, use_cache=True, output_hidden_states=True)
        report = handle.report()
        for found, stage in zip(seen, expected["stages"], strict=True):
            check_stage(found, stage)
        np.testing.assert_allclose(out.logits[0, -1, :16], expected["last_token_logits_first16"], atol=2e-5)
        np.testing.assert_allclose(out.logits[0, -1].norm(), expected["last_token_logits_norm"], rtol=1e-5)
        check_summary(out.hidden_states[-1], expected["final_hidden"])
        text = params["sequence"] - params["image_tokens"]
        assert [count + text for count in report.tokens_out] == expected["tokens_per_layer"]
        assert lengths(cache) == expected["kv_cache_length_per_layer_after_prefill"]
        for step in expected.get("decode_steps", []):
            out = model(input_ids=torch.tensor([[step["token"]]]), past_key_values=cache, use_cache=True)
            np.testing.assert_allclose(out.logits[0, -1, :16], step["logits_first16"], atol=2e-5)
            assert lengths(cache) == step["kv_len"]


def check_stage(found, stage):
    score, position = found["score"], found["after"].moves[-1].position[0]
    assert found["raters"].nonzero()[:, 0].tolist() == stage["rater_offsets_in_text"]
    assert len(score) == stage["image_span_length"]
    np.testing.assert_allclose(score[:12], stage["score_first12"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(score.sum(), stage["score_sum"], rtol=1e-4)
    assert position[position != DROPPED].tolist() == stage["kept_relative_to_current_image_span"]
    if "clusters" in stage:
        home = found["after"].moves[-1].group()[0]
        merged = [place for place in range(len(home)) if home[place] >= stage["keep"]]
        assert merged == sorted(stage["recycled_relative_indices_in_score_order"])
        assert len(merged) == stage["recycled_count"]
        assert int((position == DROPPED).sum()) == stage["clusters"]
        check_summary(found["after"].x[0, stage["keep"] :], stage["merged_tokens"], TOLERANCE)


def test_score():
    case = CASES["score"]
    params, expected = case["params"], case["outputs"]
    attention = recipe.attention(44, (1, params["heads"], params["sequence"], params["sequence"]), gain=1.5).double()
    start, count = params["image_start"], params["image_tokens"]
    rows = attention[:, :, start + count :, start : start + count]
    raters = torch.zeros(1, rows.shape[2], dtype=torch.bool)
    raters[0, params["rater_offsets_in_text"]] = True
    method = load("sparsevlm")
    score = method.score(Attention(method.needs, {"text_attention": lambda: rows}), raters)
    np.testing.assert_allclose(score[0], expected["score"], atol=1e-6)
    assert score[0].topk(params["keep"]).indices.sort().values.tolist() == expected["kept_relative"]


@pytest.mark.parametrize("name, seed", [("cluster_58_into_6", 45), ("cluster_20_into_3", 46)])
def test_cluster(name, seed):
    case = CASES[name]
    params, expected = case["params"], case["outputs"]
    clusters = params["clusters"]
    x = recipe.draw(seed, 0, (1, params["tokens"], params["dim"])).double()
    _, group = density_peaks(x, clusters, neighbours=clusters)
    merged = merge_groups(Tokens(x), group, clusters).x[0]
    check_summary(merged, expected["merged"], TOLERANCE)
    np.testing.assert_allclose(merged[:, :4], expected["merged_first4"], atol=TOLERANCE)
    np.testing.assert_allclose(merged.norm(dim=-1), expected["row_norms"], rtol=1e-6, atol=TOLERANCE)


def raters(text, there):
    method = load("sparsevlm")
    rows = {"question": lambda: text, "question_there": lambda: there}
    tokens = Tokens(torch.ones(1, 4, 2))
    return method.fit(Shape("vlm", 6, 0, 4, (0,), 2)).reduce(tokens, Attention(method.needs, rows), 0).memory["raters"]


def test_who_rates():
    text = torch.tensor([[[9.0, 9.0], [1.0, 1.0], [2.0, 2.0]]])
    assert raters(text, torch.tensor([[False, True, True]])).tolist() == [[False, False, True]]
    assert raters(torch.ones(1, 3, 2), torch.tensor([[False, True, True]])).tolist() == [[False, True, True]]
    with pytest.raises(PrunariumError, match="put the question there"):
        raters(torch.ones(1, 0, 2), torch.ones(1, 0, dtype=torch.bool))
