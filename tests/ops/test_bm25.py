"""BM25 against a literal second reading of the formula."""

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as some

from prunarium.ops import bm25

WORDS = some.lists(some.sampled_from("abcde"), max_size=6)


@given(WORDS, some.lists(WORDS, min_size=1, max_size=5), some.floats(0, 3), some.floats(0, 1))
def test_against_the_formula(query, texts, k1, b):
    mean = sum(map(len, texts)) / len(texts)
    found = bm25(query, texts, k1, b)
    for text, score in zip(texts, found, strict=True):
        expected = 0.0
        for word in query:
            frequency = text.count(word)
            if frequency:
                having = sum(word in other for other in texts)
                rare = log(1 + (len(texts) - having + 0.5) / (having + 0.5))
                length = 1 - b + b * len(text) / mean
                expected += rare * frequency * (k1 + 1) / (frequency + k1 * length)
        assert score == pytest.approx(expected)


def test_a_rare_word_counts_more_than_a_common_one_and_a_short_text_more_than_a_long_one():
    texts = [["the", "ball"], ["the", "dog"], ["the", "ball", "of", "the", "old", "dog"]]
    ball, dog, both = bm25(["ball"], texts)
    assert ball > both > dog == 0
    assert bm25(["the"], texts)[0] < ball
