"""Laws of F1 on words, and of the best span of a text."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from prunarium.bench.answer_texts import bare, right_answers, spelled
from prunarium.bench.responses import right
from prunarium.bench.text_spans import LONGEST, _best

WORDS = st.lists(st.sampled_from(["red", "ball", "in", "garden", "yes"]), max_size=5).map(" ".join)


def f1(said, answers):
    due = right_answers([answers], bare, 64)
    return right(spelled([said], due.shape[-1], bare), due, "f1").item()


@given(WORDS, WORDS)
def test_both_ways_alike_and_1_only_for_the_same_words(one, other):
    found = f1(one, [other])
    assert found == f1(other, [one]) and 0 <= found <= 1
    assert (found == 1) == (sorted(one.split()) == sorted(other.split()))


@given(WORDS, st.lists(WORDS, min_size=1, max_size=4))
def test_the_best_of_several_answers_counts(said, answers):
    assert f1(said, answers) == max(f1(said, [answer]) for answer in answers)


@given(st.text(max_size=40))
def test_an_answer_in_its_bare_form_stays_as_it_is(text):
    once = bare(text)
    assert bare(once) == once and f1(text, [text]) == 1


@given(st.integers(1, 50), st.integers(0, 2**32 - 1))
def test_no_span_is_better_than_the_best(tokens, seed):
    draw = np.random.default_rng(seed)
    scores, inside = draw.normal(size=(2, tokens)), draw.random(tokens) < 0.7
    best, first, last = _best(torch.from_numpy(scores)[None], torch.from_numpy(inside)[None])
    spans = [
        (scores[0, i] + scores[1, j], i, j)
        for i in range(tokens)
        for j in range(i, min(i + LONGEST, tokens))
        if inside[i] and inside[j]
    ]
    assert (best.isneginf().item() and not spans) or max(spans) == (best.item(), first.item(), last.item())
