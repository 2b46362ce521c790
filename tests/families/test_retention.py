"""How many tokens a schedule leaves of texts of any length."""

import math
from fractions import Fraction

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium import load
from prunarium.families import shape_of

from .encoder_models import make, texts

MODEL = make("BertModel")
SHARES = st.lists(st.sampled_from([0.125, 0.25, 0.5, 0.75, 0.875, 1.0]), min_size=4, max_size=4)
LENGTHS = st.lists(st.integers(1, 20), min_size=1, max_size=3)


@settings(max_examples=25)
@given(SHARES, LENGTHS)
@torch.inference_mode()
def test_shares_are_of_each_text(shares, lengths):
    with load("length-adaptive", retention=shares).apply(MODEL) as handle:
        MODEL(**texts(MODEL, lengths))
        counts = handle.report().per_sample(len(lengths)).tolist()
    for row, length in zip(counts, lengths, strict=True):
        due = [max(1, math.ceil(Fraction(share) * length)) for share in shares]
        assert row == [min(due[: layer + 1]) for layer in range(4)]


@settings(max_examples=25)
@given(st.lists(st.integers(1, 25), min_size=4, max_size=4), LENGTHS)
@torch.inference_mode()
def test_numbers_are_of_all_texts_alike(numbers, lengths):
    with load("power-bert", retention=numbers).apply(MODEL) as handle:
        MODEL(**texts(MODEL, lengths))
        counts = handle.report().per_sample(len(lengths)).tolist()
    for row, length in zip(counts, lengths, strict=True):
        assert row == [min(length, *numbers[: layer + 1]) for layer in range(4)]


@given(st.floats(0.01, 1), st.floats(0.01, 1))
def test_more_amount_never_keeps_less(one, other):
    method = load("spatten")
    shape = shape_of(method, MODEL)
    less, more = (method.knob(amount, shape).retention for amount in sorted((one, other)))
    assert all(a <= b for a, b in zip(less, more, strict=True))
