"""PuMer's matchings against numbers that the paper's own code gave."""

import numpy as np
import pytest
import torch

from prunarium import load
from prunarium.families import Attention
from prunarium.ops import Tokens, bipartite_soft_matching, match_best, sides

from . import recipe
from .vlm_models import cases, check_summary

CASES = cases("pumer")
SEEDS = {"vision": 161, "text_no_cls": 162}


def inputs(name):
    count = CASES[name]["params"]["tokens"]
    x, metric = (recipe.draw(SEEDS[name], index, (2, count, width)).double() for index, width in ((0, 8), (1, 6)))
    return x, metric, recipe.draw(SEEDS[name], 2, (2, count)).double().softmax(-1)


def check(merged, summaries):
    for sample, summary in enumerate(summaries):
        check_summary(merged.x[sample], summary)


@pytest.mark.parametrize("name", CASES)
def test_soft_matching(name):
    params, expected = CASES[name]["params"], CASES[name]["outputs"]
    x, metric, _ = inputs(name)
    prefix = int(params["class_token"])
    matching = bipartite_soft_matching(metric, params["r"], prefix)
    tokens, ranked = Tokens(x, prefix), not prefix  # without a cls token, unmerged sources come by their scores
    merged = matching.merge(tokens, ranked=ranked)
    assert merged.size.tolist() == expected["sizes"]
    check(merged, expected["soft_matching_size_weighted"])
    check(matching.merge(tokens, ranked=ranked, alike=True), expected["soft_matching_plain_mean"])


@pytest.mark.parametrize("name", CASES)
def test_weighted_matching(name):
    """A positive weight of a token cancels in a cosine."""
    params, expected = CASES[name]["params"], CASES[name]["outputs"]
    x, metric, attention = inputs(name)
    matching = bipartite_soft_matching(metric * attention.unsqueeze(-1), params["r"], prefix=1)
    check(matching.merge(Tokens(x, prefix=1)), expected["weighted_matching"])


@pytest.mark.parametrize("name", CASES)
def test_difference_matching(name):
    params, expected = CASES[name]["params"], CASES[name]["outputs"]
    x, _, attention = inputs(name)
    first, second = sides(0)
    score = -(attention[:, first::2].unsqueeze(2) - attention[:, second::2].unsqueeze(1)).abs()
    check(match_best(score, params["r"]).merge(Tokens(x), ranked=True), expected["diff_matching"])


def test_prunes_by_the_text_and_then_merges():
    """Step by step, from the paper's words: text-informed pruning, then modality-aware merging."""
    x = recipe.draw(7, 0, (1, 20, 6)).double()
    attention = recipe.draw(7, 1, (1, 3, 4, 20)).double().softmax(-1)
    method = load("pumer", prune_rate=0.1, merge_rate=0.3)
    found = method.reduce(Tokens(x, original=20), Attention(method.needs, {"text_attention": lambda: attention}), 2)

    told = attention.mean(dim=(1, 2))[0]
    left = sorted(sorted(range(20), key=lambda token: -told[token])[:18])
    unit = torch.nn.functional.normalize(x[0], dim=-1)
    pairs = sorted(((max((float(unit[i] @ unit[j]), j) for j in left[1::2]), i) for i in left[::2]), reverse=True)[:5]
    members = {token: [token] for token in left}
    for (_, into), token in pairs:
        members[into].append(token)
        del members[token]
    expected = torch.stack([x[0, own].mean(dim=0) for own in members.values()])
    assert found.positions()[0].tolist() == list(members)
    np.testing.assert_allclose(found.x[0], expected)
