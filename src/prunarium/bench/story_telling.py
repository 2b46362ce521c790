"""How a story of ``storyworld`` is made: a small world, its facts, and sentences beside them, in some order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from prunarium.bench.story_words import (
    CARRIED,
    FACTS,
    KINDS,
    LEAST,
    LYING,
    NAMES,
    PAST,
    PLACES,
    PRESENT,
    REMINDERS,
    RIVALS,
    TALK,
    THINGS,
    WEATHER,
)

T = TypeVar("T")

NOTHING = -1
FEWEST, MOST = 2, 8  # people in a story
WORDS_A_PERSON = 40  # of a story; the facts that come with a person take 26 of them

Fact = tuple[int, int]
"""Its kind, and the person or thing that it is about."""
Shares = tuple[float, float]
"""Of the sentences beside the facts: how many are reminders, and how many rivals; the rest is talk."""
USUAL: Shares = (0.35, 0.35)
REMINDING: Shares = (0.7, 0.15)


class Sentence(NamedTuple):
    """Its time, by which sentences are ordered, its words, and the fact that it states."""

    time: float
    words: list[str]
    fact: Fact | None = None


@dataclass(frozen=True)
class Story:
    """One story.

    Attributes:
        sentences: the words of each.
        held: what each fact says: a place or, of what is carried, the person; ``NOTHING`` where there is no such fact
            ``[kinds, 16]``.
        told: the number of the sentence that says it; likewise ``[kinds, 16]``.
        about: the person or thing that is asked for; ``NOTHING`` where nothing is.
    """

    sentences: list[list[str]]
    held: np.ndarray
    told: np.ndarray
    about: int


def tell(
    rng: np.random.Generator, words: int, kind: int | None = None, depth: float | None = None, shares: Shares = USUAL
) -> Story:
    """Draw a story.

    Args:
        rng: what is drawn with.
        words: of the story, 59 at least.
        kind: of the fact that is asked for; nothing is asked without it.
        depth: which share of the other sentences comes before that fact; anywhere without it.
        shares: of the sentences beside the facts.
    """
    held = _world(rng, max(FEWEST, min(MOST, words // WORDS_A_PERSON)))
    about = NOTHING if kind is None else int(rng.choice(np.flatnonzero(held[kind] != NOTHING)))
    asked = [] if kind is None else deciding(held, kind, about)
    times = _times(rng, held)
    teller = _Teller(rng, held, times)
    stated = [Sentence(time, teller.say(FACTS, fact), fact) for fact, time in times.items()]
    beside = teller.beside(words - sum(len(one.words) for one in stated), asked, shares)
    order = sorted([*stated, *beside], key=lambda one: one.time)
    if depth is not None:
        needle = next(number for number, one in enumerate(order) if one.fact == asked[0])
        order.insert(round(depth * (len(order) - 1)), order.pop(needle))
    told = np.full_like(held, NOTHING)
    for number, one in enumerate(order):
        if one.fact:
            told[one.fact] = number
    return Story([one.words for one in order], held, told, about)


def deciding(held: np.ndarray, kind: int, about: int) -> list[Fact]:
    """The facts that decide a question: for a carried thing also where who carries it is."""
    return [(kind, about), (PRESENT, int(held[kind, about]))] if kind == CARRIED else [(kind, about)]


def _world(rng: np.random.Generator, size: int) -> np.ndarray:
    """``held`` of so many people, each with a former and a present place, as many things that they carry, and as many
    that lie somewhere."""
    people, things = rng.permutation(len(NAMES))[:size], rng.permutation(len(THINGS))[: 2 * size]
    held = np.full((len(KINDS), len(NAMES)), NOTHING)
    held[PRESENT, people] = rng.integers(len(PLACES), size=size)
    held[PAST, people] = (held[PRESENT, people] + rng.integers(1, len(PLACES), size=size)) % len(PLACES)
    held[CARRIED, things[:size]] = people[rng.integers(size, size=size)]
    held[LYING, things[size:]] = rng.integers(len(PLACES), size=size)
    return held


def _times(rng: np.random.Generator, held: np.ndarray) -> dict[Fact, float]:
    """When each fact is told, from 0 to 1: where somebody was before where somebody is."""
    times = {(kind, about): rng.random() for kind, about in np.argwhere(held != NOTHING).tolist()}
    return {
        (kind, about): time * (times[PRESENT, about] if kind == PAST else 1) for (kind, about), time in times.items()
    }


@dataclass(frozen=True)
class _Teller:
    """Words sentences about a world."""

    rng: np.random.Generator
    held: np.ndarray
    times: dict[Fact, float]

    def beside(self, room: int, asked: Sequence[Fact], shares: Shares) -> list[Sentence]:
        """Sentences of so many words in all, beside the facts: first a rival of each fact that is asked for, which has
        no reminders."""
        facts, others = list(self.times), [fact for fact in self.times if fact not in asked]
        due, found = list(asked), list[Sentence]()
        while room:
            lot, time = self.rng.random(2).tolist()
            if due:
                words = self._rival(due.pop())
            elif lot < shares[0]:
                fact = self._one(others)
                words, time = self.say(REMINDERS, fact), self.times[fact] + (1 - self.times[fact]) * time
            elif lot < sum(shares):
                words = self._rival(self._one(facts))
            else:
                words = self._talk()
            left = room - len(words)
            if left == 0 or left >= LEAST:
                found.append(Sentence(time, words))
                room = left
        return found

    def say(self, templates: Sequence[str], fact: Fact, value: int | None = None) -> list[str]:
        """A sentence about a fact: what it says, or another value of the same sort."""
        kind, about = fact
        value = int(self.held[fact]) if value is None else value
        person = NAMES[value if kind == CARRIED else about]
        return templates[kind].format(person=person, thing=THINGS[about], place=PLACES[value]).split()

    def _rival(self, fact: Fact) -> list[str]:
        said = int(self.held[fact])
        others = self._people() if fact[0] == CARRIED else range(len(PLACES))
        return self.say(RIVALS, fact, self._one([other for other in others if other != said]))

    def _talk(self) -> list[str]:
        person, other = self.rng.permutation(self._people())[:2].tolist()
        words = self._one(TALK).format(person=NAMES[person], other=NAMES[other], weather=self._one(WEATHER))
        return words.split()

    def _people(self) -> list[int]:
        return [about for kind, about in self.times if kind == PRESENT]

    def _one(self, choices: Sequence[T]) -> T:
        return choices[int(self.rng.integers(len(choices)))]
