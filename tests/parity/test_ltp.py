"""LTP's pruners against numbers that the paper's own code gave on given attention, layer after layer."""

import numpy as np
import pytest
import torch

from prunarium import load
from prunarium.families import Attention
from prunarium.ops import Tokens

from . import recipe
from .bert_models import given, shape
from .vlm_models import cases

CASES = cases("ltp")


def layers(case, seed):
    """The recorded layers, and the attention in each, given which tokens the one before left."""
    params = case["params"]
    size, lengths = params["S"], torch.tensor(params["sentence_lengths"])
    there = torch.arange(size) < lengths.unsqueeze(1)
    for layer in case["outputs"]["layers"]:
        number = layer["layer"]
        logits = recipe.draw(seed, number, (len(lengths), params["heads"], size, size), gain=2.0)
        masked = logits - 10000.0 * ~there[:, None, None, :]
        yield layer, there, masked.softmax(dim=-1)
        there = torch.zeros_like(there)
        for row, kept in enumerate(layer["kept"]):
            there[row, kept] = True


def kept(method, layer, tokens, attention):
    """Which tokens the method leaves of each sample."""
    received = given(attention, tokens.there)._received_attention
    after = method.reduce(tokens, Attention(method.needs, {"received_attention": received}), layer)
    positions = after.moves[-1].position if after.moves else None
    if positions is None:
        return [row.nonzero().flatten().tolist() for row in tokens.there]
    return [[place for place in row if place >= 0] for row in positions.tolist()]


def test_thresholds():
    case = CASES["thresholds"]
    params = case["params"]
    method = load("ltp", weights="random", final_threshold=params["final_token_threshold"]).fit(shape(params["layers"]))
    numbers = [layer["layer"] for layer in case["outputs"]["layers"]]
    method.learned["delta"].data[numbers] = torch.tensor(params["threshold_delta_per_layer"])
    for layer, there, attention in layers(case, 401):
        tokens = Tokens(torch.zeros(*there.shape, 1), there=there, original=params["S"])
        number = layer["layer"]
        assert method.threshold(number).item() == pytest.approx(layer["threshold"], abs=1e-8)
        if layer["scores"] is not None:
            score = method.score(tokens, given(attention, there)._received_attention())
            np.testing.assert_allclose(score, layer["scores"], atol=1e-6)
        assert kept(method, number, tokens, attention) == layer["kept"]


def test_cascade_of_spatten():
    case = CASES["topk"]
    params = case["params"]
    method = load("spatten", keep_rate=params["final_keep_rate"], head_keep_rate=1.0, front=3, cumulative=False).fit(
        shape(params["layers"])
    )
    for layer, there, attention in layers(case, 402):
        lengths = torch.tensor(params["sentence_lengths"])
        tokens = Tokens(torch.zeros(*there.shape, 1), there=there, original=params["S"], lengths=lengths)
        assert method.retention[layer["layer"]] == pytest.approx(layer["keep_rate"])
        assert kept(method, layer["layer"], tokens, attention) == layer["kept"]
