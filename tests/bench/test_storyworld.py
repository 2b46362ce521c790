"""storyworld: its stories can be read, and nothing but reading them answers their questions."""

import hashlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium import PrunariumError
from prunarium.bench import storyworld
from prunarium.bench.story_words import EOS, KINDS, NAMES, PAD, PLACES, THINGS, VOCABULARY, in_words

from .story_reader import read, sentences

CHECKSUMS = {1: "5b8d93eb472e27c2cb5dff49fa7eb1a0ed3be232ff16321120344c89f2f80a80"}


def test_stories_are_the_recorded_ones():
    asked = storyworld.generate(200, 0, 256)
    parts = (asked.prompts(), asked.answers(), asked.pairs()[0], asked.deciding(), asked.places())
    digest = hashlib.sha256(b"".join(part.astype("<i8").tobytes() for part in parts))
    digest.update(" ".join(VOCABULARY).encode())
    assert digest.hexdigest() == CHECKSUMS[storyworld.REVISION], "new stories need a new REVISION and checksum"


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6), st.integers(64, 400), st.permutations(KINDS).flatmap(lambda p: st.sampled_from([p, p[:1]]))
)
def test_every_answer_is_the_one_that_is_read(seed, length, kinds):
    asked = storyworld.generate(4, seed, length, tuple(kinds))
    assert asked.stories.words.shape == (4, length - 5)
    for number, (story, question, answer) in enumerate(
        zip(asked.stories.words, asked.questions(), asked.answers(), strict=True)
    ):
        said = read(in_words(story), in_words(question))
        assert said == in_words(answer) and said.endswith(PLACES[asked.places()[number]])
        ended = answer.tolist().index(EOS)
        assert ended == len(said.split()) and (answer[ended + 1 :] == PAD).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_sentences_that_decide_are_needed_and_enough(kind):
    asked = storyworld.generate(40, 3, 128, (kind,))
    for story, question, answer, decides in zip(
        asked.stories.words, asked.questions(), asked.answers(), asked.deciding(), strict=True
    ):
        assert read(in_words(story[decides]), in_words(question)) == in_words(answer)
        assert len(sentences(in_words(story[decides]))) == (2 if kind == "carried" else 1)
        told = sentences(in_words(story))
        for needed in sentences(in_words(story[decides])):
            left = [one for one in told if one != needed]  # a reminder of it could not be read any more
            assert len(left) == len(told) - 1 and read(". ".join(left), in_words(question)) is None


def test_which_sentences_decide_depends_on_the_question():
    asked = storyworld.every_question(storyworld.generate(5, 0, 128).stories)
    decides = asked.deciding().reshape(5, 12, -1)
    assert (decides.any(axis=1).sum(axis=1) == 3 * 26).all(), "each fact of 3 people decides some question"
    assert not decides.all(axis=1).any() and 0.05 < decides.mean() < 0.1
    for story in decides:
        assert len(np.unique(story, axis=0)) == 12


@pytest.mark.parametrize("length", [64, 65, 103, 256, 777, 2048])
def test_lengths_are_those_asked_for(length):
    asked, running = storyworld.generate(5, 1, length), storyworld.running_text(2, 1, length)
    assert asked.prompts().shape == (5, 1 + length) and running.words.shape == (2, length)
    ids, types = asked.pairs()
    assert ids.shape == types.shape == (5, 3 + length)
    assert (types.sum(axis=1) == length - 5 + 1).all() and (ids[:, 6] == EOS).all() and (ids[:, -1] == EOS).all()
    for story in (*asked.stories.words, *running.words):
        assert len(in_words(story).replace(".", " .").split()) == (story != PAD).sum() == len(story)


def test_kinds_by_turns_and_the_first_of_more():
    asked, more = storyworld.generate(20, 7, 96), storyworld.generate(30, 7, 96)
    assert asked.kinds == KINDS * 5
    assert (asked.prompts() == more.prompts()[:20]).all()
    assert (asked.prompts() != storyworld.generate(20, 8, 96).prompts()).any(axis=1).all()


def test_answers_are_about_equally_frequent():
    asked = storyworld.generate(3200, 0, 64)
    for places in (asked.places(), *(asked.places()[start::4] for start in range(4))):
        shares = np.bincount(places, minlength=len(PLACES)) * len(PLACES) / len(places)
        assert shares.max() < 1.5 and shares.min() > 0.5
    assert Counter(asked.kinds) == dict.fromkeys(KINDS, 800)
    assert set(Counter(asked.about.tolist())) == set(range(16)), "everybody is asked for"


def places_in(told):
    return [place for one in told for place in PLACES if place in one]


@pytest.mark.parametrize(("length", "at_most"), [(64, 0.3), (128, 0.2), (512, 0.12)])
def test_blind_guesses_are_about_as_good_as_chance(length, at_most):
    """Chance is 1 in 16, or 1 in the places that the story has. The answers are known at 1 in 1."""
    asked = storyworld.generate(600, 2, length)
    right = np.zeros((600, 3))
    usual = np.bincount(storyworld.generate(600, 3, length).places()).argmax()
    for number, (story, question) in enumerate(zip(asked.stories.words, asked.questions(), strict=True)):
        told, due = sentences(in_words(story)), PLACES[asked.places()[number]]
        said = places_in(told)
        commonest = Counter(said).most_common(1)[0][0]
        right[number] = PLACES[usual] == due, said[-1] == due, commonest == due
        assert in_words(question).startswith("Where ")
    assert right[:, 0].mean() < 0.1
    assert (right[:, 1:].mean(axis=0) < at_most).all(), right.mean(axis=0)


def test_the_last_place_said_of_what_is_asked_for_is_often_wrong():
    """Whoever looks for the question's own words does not know yet which sentence counts."""
    asked = storyworld.generate(800, 4, 128)
    right = np.zeros(800)
    for number, (story, question) in enumerate(zip(asked.stories.words, asked.questions(), strict=True)):
        (word,) = set(in_words(question).rstrip("?").split()) & {*NAMES, *THINGS}
        said = places_in([one for one in sentences(in_words(story)) if word in one.split()])
        right[number] = bool(said) and said[-1] == PLACES[asked.places()[number]]
    for start, kind in enumerate(KINDS):
        assert right[start::4].mean() < 0.7, kind


@pytest.mark.parametrize("depth", [0.0, 0.3, 1.0])
def test_needles_are_where_they_are_asked_to_be(depth):
    asked = storyworld.needles(6, 0, 512, depth)
    assert set(asked.kinds) == {"lying"}
    for story, question, answer, decides in zip(
        asked.stories.words, asked.questions(), asked.answers(), asked.deciding(), strict=True
    ):
        told, (needle,) = sentences(in_words(story)), sentences(in_words(story[decides]))
        assert told.index(needle) == round(depth * (len(told) - 1))
        assert read(in_words(story), in_words(question)) == in_words(answer)


def test_running_text_reminds_of_what_it_said():
    text = [sentences(in_words(story)) for story in storyworld.running_text(5, 0, 512).words]
    shares = [np.mean(["still" in one or one.endswith("before") for one in told]) for told in text]
    assert min(shares) > 0.25
    for told in text:
        assert read(". ".join(told), "Where is Anna now?") in (None, *PLACES), "nothing contradicts itself"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"length": 63}, "no stories of 63 words; ask for 64 to 2048"),
        ({"length": 2049}, "no stories of 2049 words"),
        ({"length": 64, "kinds": ("present", "why")}, "no questions of kinds .*'why'.*; there are present, past"),
        ({"length": 64, "kinds": ()}, "no questions of kinds"),
        ({"length": 64, "kinds": ("lying",), "depth": 1.5}, "a depth is a share from 0 to 1"),
        ({"length": 64, "depth": 0.5}, "for questions of kind lying alone"),
    ],
)
def test_what_cannot_be_told(wrong, said):
    with pytest.raises(PrunariumError, match=said):
        storyworld.generate(1, 0, **wrong)
