"""Choosing entries for a cache against what H2O's own code keeps of a prompt: heavy hitters and a recent window."""

import re

import pytest
import torch

from prunarium.ops import highest, latest, received

from . import recipe
from .vlm_models import cases

CASES = {name: case for name, case in cases("h2o").items() if "prefill_attention" in case["inputs"]}


@pytest.mark.parametrize("name", CASES)
def test_heavy_hitters_and_recent_tokens(name):
    case = CASES[name]
    params, first = case["params"], case["outputs"]["steps"][0]
    heads, tokens = params["heads"], params["T"]
    seed = int(re.search(r"draw\((\d+)", case["inputs"]["prefill_attention"])[1])
    logits = recipe.draw(seed, 0, (1, heads, tokens, tokens), "feature", 2.0).double()
    above = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
    score = received(logits.masked_fill(above, -torch.inf).softmax(-1))
    torch.testing.assert_close(
        score[0, 0], torch.tensor(first["score_column_sums_head0"]).double(), atol=1e-6, rtol=1e-6
    )
    there = torch.ones_like(score, dtype=torch.bool)
    window = latest(params["recent_size"], there)
    kept = window | highest(score, params["hh_size"], there & ~window)
    assert [head.nonzero()[:, 0].tolist() for head in kept[0]] == first["kept_positions"]
