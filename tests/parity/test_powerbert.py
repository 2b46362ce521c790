"""PoWER-BERT's extraction layers against numbers that the paper's own code gave on given attention."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from prunarium import load
from prunarium.families import Attention
from prunarium.ops import Tokens

from . import recipe
from .bert_models import given, shape
from .vlm_models import cases, check_summary

CASE = cases("powerbert")["hard_and_soft"]
PARAMS, EXPECTED = CASE["params"], CASE["outputs"]
SIZE = PARAMS["S"]


@pytest.fixture
def attention():
    logits = recipe.draw(411, 0, (3, PARAMS["heads"], SIZE, SIZE), gain=2.0).double()
    padding = torch.arange(SIZE) >= torch.tensor(PARAMS["lengths"]).unsqueeze(1)
    return logits.masked_fill(padding[:, None, None, :], -torch.inf).softmax(dim=-1)


def reduced(method, attention, **what):
    offering = given(attention)
    tokens = Tokens(recipe.draw(411, 1, (3, SIZE, 8)).double(), prefix=1, original=SIZE)
    return method.reduce(
        replace(tokens, **what), Attention(method.needs, {"attention_from_others": offering._attention_from_others}), 0
    )


def test_significance(attention):
    found = given(attention)._attention_from_others() * SIZE  # sums over the rows, of padding too, not means
    np.testing.assert_allclose(found, EXPECTED["significance"], rtol=1e-6, atol=1e-9)


def test_hard_extraction(attention):
    method = load("power-bert", retention=[PARAMS["retention"]]).fit(shape(1))
    left = reduced(method, attention)
    assert left.moves[0].position.tolist() == EXPECTED["hard_kept_sorted"]
    for mine, summary in zip(left.x, EXPECTED["hard_output"], strict=True):
        check_summary(mine, summary, 1e-6)


def test_soft_extraction(attention):
    method = load("power-bert", learn=True, longest=SIZE, weights="random").fit(shape(1))
    method.learned[0].data = torch.linspace(1, 0.1, SIZE, dtype=torch.float64)
    soft = reduced(method, attention, training=True).x.detach()
    for mine, summary in zip(soft[:2], EXPECTED["soft_output"], strict=False):
        check_summary(mine, summary, 1e-6)
    # padding, which nobody attends to, has no rank of its own
    real = torch.arange(SIZE) < torch.tensor(PARAMS["lengths"]).unsqueeze(1)
    norms = torch.tensor(EXPECTED["soft_row_norms"], dtype=torch.float64)
    np.testing.assert_allclose(soft.norm(dim=-1)[real], norms[real], rtol=1e-6)
