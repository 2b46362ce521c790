"""LLMLingua and LongLLMLingua against numbers of the official code: thresholds, segments, kept positions.

At the level of the method a text stands for the token ids: a character of its own for each, line breaks between.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from prunarium import load
from prunarium.families import Scorer
from prunarium.families.prompt.tokens import TextTokens
from prunarium.ops import above_threshold, keep_iteratively, loss_threshold

from . import recipe

FIXTURE = json.loads((Path(__file__).parent / "llmlingua.json").read_text(encoding="utf-8"))
CASES = {case["case"]: case for case in FIXTURE["cases"]}
SEGMENTS = ["segment_all", "segment_middle"]
ITERATIVE = [name for name in CASES if name not in SEGMENTS]
SEEDS = {
    "two_contexts_two_segments": 603,
    "dynamic_ratio": 604,
    "short_single_segment": 605,
    "condition_compare_longllmlingua": 606,
}
NEWLINES = range(13, 19)


class Bigram(Scorer):
    """The language model of the numbers: a fixed table. A text is read as token ids, by what it stands for."""

    def __init__(self, seed, known):
        self.table = recipe.draw(seed, 0, (400, 400), "feature", 1.5).log_softmax(-1)
        self.known = known

    def tokens(self, text):
        ids = self.known[text]
        return TextTokens(ids, list(range(len(ids))), [(at, at + 1) for at in range(len(ids))], list(range(len(ids))))

    def losses(self, sequences, since=0, prefix=()):
        return [-self.table[list(ids[:-1]), list(ids[1:])][since:] for ids in sequences]


class Characters:
    """A tokenizer for which every character is a token."""

    is_fast = True

    def __call__(self, text, **_):
        return {"input_ids": list(text)}


def joined(name):
    """The token ids, joined as the official code joins contexts."""
    params = CASES[name]["params"]
    ids = [number for number in range(400) if number not in NEWLINES]
    drawn = np.random.default_rng([SEEDS[name], 7]).permutation(ids)[: sum(params["context_lengths"])].tolist()
    borders, made = iter(NEWLINES), []
    for index, length in enumerate(params["context_lengths"]):
        made += [*([next(borders), next(borders)] if index else []), *drawn[:length]]
        drawn = drawn[length:]
    return made


def shares_of(params):
    """Tokens of each context with those of the line breaks behind it, and its share, without what is only asked."""
    lengths = [length + 2 for length in params["context_lengths"][params["start"] > 0 :]]
    dynamic = [0.0, *params["dynamic_ratio"]][-len(lengths) :]
    shares = [min(max(params["target_token"] / (sum(lengths) + 1) + more, 0), 1) for more in dynamic]
    return [*lengths[:-1], lengths[-1] - 2], shares


def kept(name):
    params, ids = CASES[name]["params"], joined(name)
    bigram, start = Bigram(SEEDS[name], {}), params["start"]
    asked, ids = ids[:start], ids[start:]

    def losses(left, place):
        read = [ids[at] for at in left.tolist()]
        alone = bigram.losses([read])[0]
        return (alone - bigram.losses([[*asked, *read]])[0][start:] if start else alone)[place:]

    return keep_iteratively(*shares_of(params), params["iterative_size"], losses)


@pytest.mark.parametrize("name", SEGMENTS)
def test_a_segment_on_given_losses(name):
    params, expected = CASES[name]["params"], CASES[name]["outputs"]
    seed = {"segment_all": 601, "segment_middle": 602}[name]
    losses = 3 * recipe.draw(seed, 1, (params["tokens"] - 1,), "feature").abs()
    end = params["end"]
    stays, threshold = above_threshold(losses, params["ratio"], end - params["iterative_size"], end)
    assert threshold == pytest.approx(expected["threshold"], abs=1e-5)
    assert stays.nonzero().flatten().tolist() == expected["kept_positions"]
    assert int(stays[:end].sum()) == expected["new_end"]
    assert loss_threshold(losses, 1.0) == float("-inf")


@pytest.mark.parametrize("name", ITERATIVE)
def test_iterative_compression(name):
    params, expected = CASES[name]["params"], CASES[name]["outputs"]
    made = kept(name)
    assert (made.kept + params["start"]).tolist() == expected["kept_positions_in_joined_prompt"]
    assert len(joined(name)) == expected["total"]
    parts = [share for parts in expected["segment_ratios"] for _, share in parts]
    np.testing.assert_allclose([share for _, share, _ in made.thresholds], parts[: len(made.thresholds)], rtol=1e-6)
    if name == "short_single_segment":  # officially judged and then kept whole; here it is not judged
        [wanted] = expected["thresholds"]
        found = loss_threshold(made.scores[:-1], wanted["ratio"])
        assert len(made.scores) - 1 == wanted["n_losses"] and found == pytest.approx(wanted["threshold"], abs=1e-5)
        return
    assert [count for count, _, _ in made.thresholds] == [one["n_losses"] for one in expected["thresholds"]]
    np.testing.assert_allclose(
        [threshold for _, _, threshold in made.thresholds],
        [one["threshold"] for one in expected["thresholds"]],
        atol=1e-5,
    )


@pytest.mark.parametrize("name", [name for name in ITERATIVE if name != "dynamic_ratio"])
def test_the_method_keeps_the_same_positions(name):
    """All but the share of each context by its rank, which the numbers give and the method derives."""
    params, expected, ids = CASES[name]["params"], CASES[name]["outputs"], joined(name)
    start = params["start"]
    whole = "".join("\n" if number in NEWLINES else chr(0x4E00 + number) for number in ids)
    question, text = whole[: max(start - 2, 0)], whole[start:]
    scorer = Bigram(SEEDS[name], {text: ids[start:], whole[:start]: ids[:start]})
    scorer.known |= {f"{question}{suffix}": ids[:start] for suffix in ("\n\n", _restrictive())}
    method = load(
        "longllmlingua" if start else "llmlingua",
        keep_rate=params["target_token"] / len(text),
        segment=params["iterative_size"],
        dynamic=0.0,
        exact=False,
    )
    left = method.compress(text, question=question, scorer=scorer, tokenizer=Characters())
    places = [start + at for begin, end in left.spans for at in range(begin, end)]
    assert places == expected["kept_positions_in_joined_prompt"]


def _restrictive():
    return " We can get the answer to this question in the given documents."
