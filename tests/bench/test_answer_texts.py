"""Generated answers against right ones: the plain form of a text, and VQAv2's accuracy."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from prunarium.bench.answer_texts import in_writing, plain, right_answers, spelled
from prunarium.bench.responses import Response, right


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Yes.", "yes"),
        (" The  red\ncar ", "red car"),
        ("Two", "2"),
        ("none", "0"),
        ("1,000 people", "1000 people"),
        ("3.5", "3.5"),
        ("p.m.", "pm"),
        ("don't", "dont"),
        ("it’s", "its"),
        ("black/white", "black white"),
        ("(left)", "left"),
        ("hello, world!", "hello world"),
        ("a", ""),
        ("...", ""),
        ("ja, ünïcode 数", "ja ünïcode 数"),
    ],
)
def test_plain_form(text, expected):
    assert plain(text) == expected


@given(some.lists(some.sampled_from(["yes", "no", "two", "a cat", "", "x" * 30]), min_size=10, max_size=10))
def test_accuracy_is_the_mean_over_leaving_out_each_person(people):
    """The released evaluation, written out."""
    labels = right_answers([people])
    said = spelled(["2"], labels.shape[-1])
    texts = [plain(text) for text in people]
    expected = np.mean(
        [min(1, sum(text == "2" for at, text in enumerate(texts) if at != out) / 3) for out in range(10)]
    )
    assert right(said, labels, "vqa accuracy") == pytest.approx([expected])
    assert right(said, labels, "exact match").tolist() == ["2" in texts]


def test_questions_with_different_numbers_of_answers():
    labels = right_answers([["red"], ["yes", "no", "a longer one"]])
    assert labels.shape[:2] == (2, 3)
    said = spelled(["Red!", "longer one"], labels.shape[-1])
    assert right(said, labels, "exact match").tolist() == [True, True]
    assert right(spelled(["", ""], labels.shape[-1]), labels, "exact match").tolist() == [False, False]


def test_an_answer_that_goes_on_is_wrong():
    """It is cut off, and still equals none."""
    labels = right_answers([["no"]])
    for text in ("no", "no way", "nothing of the sort"):
        assert right(spelled([text], labels.shape[-1]), labels, "exact match").tolist() == [text == "no"]


def test_words_are_told_as_characters():
    scores = torch.zeros(2, 1)
    words = {3: "Yes", 4: "no"}
    told = in_writing(
        lambda model, inputs: Response(torch.tensor([[3], [4]]), scores), lambda ids: [words[int(i)] for i in ids], 4
    )
    response = told(torch.nn.Identity(), {})
    assert response.scores is scores
    assert torch.equal(response.said, spelled(["yes", "no"], 4))
