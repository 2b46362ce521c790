"""AIM: its functions against numbers that the paper's own code gave, its schedule against the rule in words."""

import numpy as np
import pytest
import torch

from prunarium import load
from prunarium.families import Attention, Layout, Shape, tokens_per_block
from prunarium.ops import Tokens

from . import recipe
from .vlm_models import cases, check_summary

CASES = cases("aim")
MERGED = {"merge_half": 0.5, "merge_half_twice": 0.25, "merge_quarter": 0.75}


@pytest.mark.parametrize("merging, rate", MERGED.items())
@pytest.mark.parametrize("name, seed, batch", [("merge", 101, 2), ("merge_odd", 102, 1)])
def test_merging(name, seed, batch, merging, rate):
    params, expected = CASES[name]["params"], CASES[name]["outputs"]
    x = recipe.draw(seed, 0, (batch, params["tokens"], params["dim"])).double()
    merged = load("aim", merged_rate=rate).project(Tokens(x), Layout((0, 0), params["tokens"])).x
    for found, summary in zip(merged, expected[merging], strict=True):
        check_summary(found, summary, 1e-9)
    if f"{merging}_row_norms" in expected:
        np.testing.assert_allclose(merged.norm(dim=-1), expected[f"{merging}_row_norms"], rtol=1e-6)


def test_importance():
    logits = recipe.draw(103, 0, (2, 3, 20, 20), "feature", 1.5).double()
    logits = logits.masked_fill(torch.ones(20, 20).triu(1).bool(), -torch.inf)
    found = load("aim").importance(logits) / 20  # the official votes begin with 1 / tokens
    np.testing.assert_allclose(found, CASES["pagerank"]["outputs"]["importance"], rtol=1e-5, atol=1e-12)


def test_schedule_of_28_layers():
    counts = tokens_per_block(load("aim"), Shape("vlm", 28, 0, 144, (0,), 8))
    merged = 36
    expected = [merged if layer < 14 else int(merged * max(0, 1 - (layer - 13) * 0.125)) for layer in range(28)]
    assert counts == expected
    assert counts[13:16] == [36, 31, 27] and counts[21:] == [0] * 7


def test_a_layer_drops_what_the_graph_finds_least_important():
    """Against voting by hand: head by head, voter by voter."""
    heads, length, image = 2, 12, [2, 3, 4, 5, 6, 7, 8, 9]
    logits = recipe.draw(7, 0, (1, heads, length, length), "feature", 0.3).double()
    logits = logits.masked_fill(torch.ones(length, length).triu(1).bool(), -torch.inf)
    squares = np.zeros(length)
    for head in range(heads):
        votes = np.full(length, 1 / length)
        for _ in range(5):
            after = np.zeros(length)
            for voter in range(length):
                weights = np.exp(logits[0, head, voter].numpy() / 0.1)
                after += votes[voter] * weights / weights.sum()
            votes = after
        squares += votes**2
    score = np.sqrt(squares / heads)
    order = sorted(range(len(image)), key=lambda token: -score[image[token]])

    method = load("aim", first=1, last=2, left_rate=0.25)

    def attention(places):
        rows = {"logits": lambda: logits, "image_places": lambda: torch.tensor([places])}
        return Attention(method.needs, rows)

    tokens = Tokens(torch.zeros(1, len(image), 1), original=len(image))
    half_way = method.reduce(tokens, attention(image), 1)
    assert half_way.positions()[0].tolist() == sorted(order[:5])  # 0.625 of 8
    last = method.reduce(half_way, attention([image[token] for token in sorted(order[:5])]), 2)
    assert last.positions()[0].tolist() == sorted(order[:2])
