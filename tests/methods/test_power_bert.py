"""PoWER-BERT in a whole model, against a second implementation; the configuration that it learns."""

import math

import pytest
import torch

from prunarium import load
from prunarium.families import shape_of

from ..families.encoder_models import make, texts
from .bert_by_hand import compare, highest

SHARES = (0.9, 0.7, 0.5, 0.3)


def by_hand(text, learned):
    left, entered = [], len(text.x)
    for layer in range(4):
        weights, _, attended = text.attend(layer)
        mean = weights.mean(dim=0)
        significance = mean.sum(dim=0) - mean.diagonal()
        (attended,) = text.keep(highest(significance, math.ceil(SHARES[layer] * entered)), attended)
        text.feed(layer, attended)
        left.append(len(text.x))
    return left


def test_second_implementation():
    compare(load("power-bert", retention=SHARES), by_hand)


def test_what_is_learned_is_how_many_are_kept():
    """The sums of the learned numbers of as many ranks as a text has tokens."""
    model = make("BertModel")
    with torch.no_grad(), load("power-bert", learn=True, longest=16, weights="random").apply(model) as handle:
        model(**texts(model))
        assert handle.report().budget == 1
        for layer, numbers in enumerate(handle.learned):
            numbers.copy_(torch.linspace(1, 0, 16) / (layer + 1))
        model(**texts(model))
        counts = handle.report().per_sample(3).tolist()
    sums = torch.linspace(1, 0, 16).double().cumsum(dim=0)
    for row, length in zip(counts, (16, 11, 7), strict=True):
        assert row == [max(1, int(float(sums[length - 1]) / (layer + 1) + 1e-6)) for layer in range(4)]


def test_training_lowers_what_would_be_kept():
    model = make("BertModel")
    method = load("power-bert", learn=True, longest=16, weights="random").fit(shape_of(load("power-bert"), model))
    before = method.loss({})
    optimiser = torch.optim.SGD(method.learned.parameters(), lr=1.0)
    before.backward()
    optimiser.step()
    assert method.loss({}) < before
    assert before.item() == pytest.approx(3e-4 * 16 * (1 + 2 + 3 + 4))
