"""FOLDER and Turbo against numbers that their authors' own code, one file for both, gave."""

import numpy as np
import pytest
import torch

from prunarium import load
from prunarium.ops import Tokens, bipartite_soft_matching, fold, summed

from . import recipe
from .vlm_models import cases, check_summary

CASES = cases("folder")
SEEDS = {"small_r": 91, "fold_twice": 92, "no_cls": 93, "given_metric": 94, "fold_three_times": 95, "turbo": 96}


def tokens_of(case) -> Tokens:
    params = case["params"]
    shape = params.get("batch", 1), params["tokens"], params["dim"]
    x = recipe.draw(SEEDS[case["case"]], 0, shape).double()
    return Tokens(x, prefix=int(params["class_token"]), original=params["tokens"])


def check(found, case, lengthened):
    expected = case["outputs"]
    assert found.count == expected["length"]
    assert found.size.tolist() == expected["sizes"]
    plain = found.x / (1 + found.size.log()).unsqueeze(-1) if lengthened else found.x
    for sample, summary in enumerate(expected["features"]):
        check_summary(found.x[sample], summary)
    np.testing.assert_allclose(found.x.norm(dim=-1), expected["row_norms"], rtol=1e-6)
    return plain


@pytest.mark.parametrize("name", ["small_r", "fold_twice", "no_cls", "fold_three_times"])
def test_folder(name):
    case = CASES[name]
    tokens = tokens_of(case)
    left = case["params"]["tokens"] - case["params"]["r"]
    method = load("folder", keep_rate=(left - tokens.prefix) / tokens.reducible)
    plain = check(method.encode(tokens, None), case, lengthened=True)
    np.testing.assert_allclose(plain.norm(dim=-1), case["outputs"]["metric_row_norms"], rtol=1e-6)


def test_a_metric_beside_the_tokens():
    case = CASES["given_metric"]
    tokens = tokens_of(case)
    metric = recipe.draw(94, 1, (1, 33, 6)).double()
    found = fold(tokens, 33 - case["params"]["r"], metric)
    lengthened = found.moved(found.x * (1 + found.size.log()).unsqueeze(-1), found.size, found.moves[-1])
    check(lengthened, case, lengthened=True)


def test_turbo():
    case = CASES["turbo"]
    tokens, params = tokens_of(case), case["params"]
    attention = recipe.draw(96, 1, (2, 25)).double().softmax(-1)
    left, worth = params["tokens"] - params["r"], 30 * params["alpha"] * attention
    found = fold(tokens, left, worth=worth)
    check(found, case, lengthened=False)
    np.testing.assert_allclose(summed(attention, found), case["outputs"]["merged_cls_attention"], rtol=1e-6)

    class Tower:
        def cls_attention(self):
            return attention[:, None]  # one head

    method = load("turbo", keep_rate=left / params["tokens"], alpha=float(params["alpha"]))
    without_cls = Tokens(tokens.x, original=params["tokens"])
    expected = bipartite_soft_matching(tokens.x, params["r"], worth=worth).merge(without_cls, in_place=True)
    assert torch.equal(method.encode(without_cls, Tower()).x, expected.x)


@pytest.mark.parametrize("left", range(2, 24))
def test_only_between_a_third_and_a_half_no_token_is_lengthened(left):
    """As the official code writes it: what has not yet merged has to be less than half of what is left."""
    tokens = Tokens(recipe.draw(1, 0, (1, 24, 8)).double(), original=24)
    lost, plain = 24 - left, fold(tokens, left)
    found = load("folder", keep_rate=left / 24).encode(tokens, None)
    unmerged_yet = lost if lost <= 11 else 0
    assert torch.equal(found.x, plain.x) == (unmerged_yet >= left // 2)
