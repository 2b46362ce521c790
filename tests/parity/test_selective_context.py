"""Selective Context against numbers of the official code, on given self-information and phrases."""

import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from prunarium import registry
from prunarium.families import Scorer, Surprise, sentences
from prunarium.ops import unit_means

from . import recipe

FIXTURE = json.loads((Path(__file__).parent / "selective_context.json").read_text(encoding="utf-8"))
CASES = {case["case"]: case for case in FIXTURE["cases"]}
SETTINGS = {"mixed": (621, 5, 2), "half": (622, 4, 3)}  # seed, characters of a token, words of a phrase
LEVELS = {"token": "token", "phrase": "phrase", "sent": "sentence"}


class Given(Scorer):
    def __init__(self, seed, characters):
        self.seed, self.characters = seed, characters

    def read(self, texts):
        found = []
        for index, text in enumerate(texts):
            spans = [
                (start, min(start + self.characters, word.end()))
                for word in re.finditer(" ?[^ ]+", text)
                for start in range(word.start(), word.end(), self.characters)
            ]
            nats = 4 * recipe.draw(self.seed, index, (len(spans),), "feature").double().abs()
            found.append(Surprise(spans, nats.tolist()))
        return found


class Characters:
    is_fast = True

    def __call__(self, text, **_):
        return {"input_ids": list(text)}


def words_together(sentence, words):
    """Spans of every so many words, the white space with the second."""
    ends = [match.end() for match in re.finditer(r"\S+", sentence)][words - 1 :: words]
    edges = [0, *ends, *([len(sentence)] if len(sentence) not in ends else [])]
    return list(pairwise(edges))


def method_of(case):
    """The method with the phrases of the numbers."""
    words = SETTINGS[case][2]

    class WithPhrases(registry.load_class("selective-context")):
        def parts(self, sentence, read):
            return words_together(sentence, words) if self.level == "phrase" else super().parts(sentence, read)

    return WithPhrases


def text_of(case):
    return " ".join(CASES[case]["inputs"]["text"].split())  # officially white space collapses first


def units_of(case, level):
    """Text and self-information of every unit, as the method ranks them."""
    seed, characters, _ = SETTINGS[case]
    text, method = text_of(case), method_of(case)(level=LEVELS[level])
    whole = [text[start:end].strip() for start, end in sentences(text, ends=".?")]
    units = []
    for sentence, read in zip(whole, Given(seed, characters).read(whole), strict=True):
        parts = method.parts(sentence, read)
        means = unit_means(read.nats, read.spans, parts)
        units += [(sentence[start:end], mean) for (start, end), mean in zip(parts, means, strict=True)]
    return whole, units


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("case", CASES)
def test_units_and_their_self_information(case, level):
    expected = CASES[case]["outputs"]
    whole, units = units_of(case, level)
    assert whole == expected["sentences"]
    recorded = expected["units"][level]
    assert len(units) == recorded["count"]
    found = [mean for _, mean in units][: len(recorded["self_info"])]
    np.testing.assert_allclose(found, recorded["self_info"], atol=1e-6)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("case", CASES)
def test_what_is_dropped_and_what_is_left(case, level):
    outputs = CASES[case]["outputs"]
    expected, (seed, characters, _) = outputs[level], SETTINGS[case]
    method = method_of(case)(level=LEVELS[level], keep_rate=1 - CASES[case]["params"]["reduce_ratio"], exact=False)
    text = text_of(case)
    left = method.compress(text, scorer=Given(seed, characters), tokenizer=Characters())
    _, units = units_of(case, level)
    threshold = np.percentile([mean for _, mean in units], 100 * CASES[case]["params"]["reduce_ratio"])
    assert threshold == pytest.approx(expected["threshold"], abs=1e-6)
    kept, begin = [], 0
    places = {place for start, end in left.spans for place in range(start, end)}
    for unit, _ in units:
        begin = text.index(unit, begin)
        kept.append(begin + len(unit) - 1 in places)
        begin += len(unit)
    dropped = [unit.strip() for (unit, _), stays in zip(units, kept, strict=True) if not stays]
    assert dropped == [unit.strip() for unit in expected["dropped"]]
    assert "".join(left.text.split()) == "".join(expected["context"].split())
