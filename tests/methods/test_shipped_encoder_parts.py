"""The learned parts that come with methods for text encoders: at half the budget answers are as good as without."""

import functools

import pytest
import torch

from prunarium import load
from prunarium.bench.story_benchmarks import STORYWORLD_ENCODER
from prunarium.families import shape_of, with_budget

STORIES = 200
METHODS = {
    "ltp": {},
    "transkimmer": {},
    "adapler": {},
    "tr-bert": {},
    "length-adaptive": {"found": "storyworld-encoder"},
}


@functools.cache
def asked():
    """The model, some of the benchmark's stories, and the right answers."""
    data = STORYWORLD_ENCODER.make(STORIES, 0)
    return STORYWORLD_ENCODER.model(), data.batch(0, STORIES, torch.device("cpu")), data.labels


@torch.inference_mode()
def accuracy(method=None):
    """Share of right answers, and the budget spent."""
    model, inputs, labels = asked()
    with (method or load("identity")).apply(model) as handle:
        right = STORYWORLD_ENCODER.answer(model, inputs).argmax(dim=1) == labels
    return float(right.float().mean()), handle.report().budget


def at_half(name, **parameters):
    """The method at half the budget, which an adaptive one only shows when it runs."""
    method = load(name, **parameters)
    shape = shape_of(method, asked()[0])
    return with_budget(method.fit(shape), 0.5, shape, lambda turned, _: accuracy(turned)[1])


@functools.cache
def yardsticks():
    """How often the untouched model is right, and at half the budget by chance."""
    return accuracy()[0], accuracy(at_half("random"))[0]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "length-adaptive" else name for name in METHODS]
)
def test_half_the_tokens_do(name):
    untouched, at_random = yardsticks()
    right, budget = accuracy(at_half(name, **METHODS[name]))
    assert abs(budget - 0.5) <= 0.01
    assert right > untouched - (0.1 if name == "tr-bert" else 0.05)
    assert right > at_random + 0.1
