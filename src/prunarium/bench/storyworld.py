"""``storyworld``: short stories, each with a question that one or two of its sentences decide.

=======  =========================  ============================  ===================
kind     question                   what decides                  answer
=======  =========================  ============================  ===================
present  Where is Mary now?         Mary went to the red mill.    ``red mill``
past     Where was Mary before?     Mary left the old barn.       ``old barn``
carried  Where is the lamp?         Mary took the lamp. and       ``Mary red mill``
                                    Mary went to the red mill.
lying    Where lies the drum?       The drum lies in the small    ``small house``
                                    tower.
=======  =========================  ============================  ===================

Which sentences matter is known only once the question has been read, and what is asked for is said once. Around the
facts stand rivals, which say the same words to no purpose (``Mary dreamed of the quiet house.``), reminders of facts
that are not asked for (``Ida is still in the old mill.``), which whoever remembers can foretell, and talk. Every answer
names one of 16 places, each as often as any other: for encoders that is the class. A decoder generates it, and must
look its second word up in the story again.
"""

from typing import NamedTuple

import numpy as np

from prunarium.bench.story_telling import NOTHING, REMINDING, Story, tell
from prunarium.bench.story_words import (
    ADJECTIVE,
    ASKED,
    BOS,
    BUILDING,
    BUILDINGS,
    CARRIED,
    EOS,
    IDS,
    KINDS,
    NAMES,
    PAD,
    PERSON,
    PRESENT,
    QUESTION_WORDS,
)
from prunarium.errors import PrunariumError

REVISION = 1
SHORTEST, LONGEST = 64, 2048  # words of a story with its question, punctuation counted as words


class Stories(NamedTuple):
    """Stories of one length, with what they state.

    A fact is known by its kind and by the person or thing that it is about, each by its place in ``NAMES`` or
    ``THINGS``.

    Attributes:
        words: token ids ``[count, words]``.
        sentence: the number of the sentence that each word is in ``[count, words]``.
        held: what each fact says: a place or, of what is carried, the person; ``NOTHING`` where there is no such fact
            ``[count, kinds, 16]``.
        told: the number of the sentence that says it; likewise ``[count, kinds, 16]``.
    """

    words: np.ndarray
    sentence: np.ndarray
    held: np.ndarray
    told: np.ndarray

    def places(self) -> np.ndarray:
        """As ``held``, but where a carried thing is instead of who carries it."""
        held = self.held.copy()
        held[:, CARRIED] = np.where(
            held[:, CARRIED] == NOTHING, NOTHING, np.take_along_axis(held[:, PRESENT], held[:, CARRIED], axis=1)
        )
        return held


class Asked(NamedTuple):
    """Stories with one question each.

    Attributes:
        stories: what is told.
        kind: of the question, by its place in ``KINDS`` ``[count]``.
        about: the person or thing of the fact that is asked for, which the story has ``[count]``.
    """

    stories: Stories
    kind: np.ndarray
    about: np.ndarray

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the questions in words."""
        return tuple(KINDS[one] for one in self.kind)

    def questions(self) -> np.ndarray:
        """Token ids ``[count, 5]``."""
        return ASKED[self.kind, self.about]

    def places(self) -> np.ndarray:
        """The place that each right answer names, by its place in ``PLACES`` ``[count]``."""
        return self._of(self.stories.places())

    def answers(self) -> np.ndarray:
        """Token ids of the right answers, eos and then padding at their end ``[count, 4]``."""
        adjective, building = np.divmod(self.places(), len(BUILDINGS))
        place = [ADJECTIVE + adjective, BUILDING + building, np.full_like(adjective, EOS)]
        short = np.stack([*place, np.full_like(adjective, PAD)], axis=1)
        long = np.stack([PERSON + self._of(self.stories.held), *place], axis=1)
        return np.where(self.kind[:, None] == CARRIED, long, short)

    def deciding(self) -> np.ndarray:
        """Which words are in a sentence that decides ``[count, words]``."""
        told, sentence = self.stories.told, self.stories.sentence
        first = self._of(told)
        carrier = told[np.arange(len(told)), PRESENT, self._of(self.stories.held) % len(NAMES)]
        second = np.where(self.kind == CARRIED, carrier, first)
        return (sentence == first[:, None]) | (sentence == second[:, None])

    def prompts(self) -> np.ndarray:
        """What a decoder reads: bos, story, question ``[count, 1 + words + 5]``."""
        begin = np.full((len(self.kind), 1), BOS)
        return np.concatenate([begin, self.stories.words, self.questions()], axis=1)

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """What an encoder reads: bos, question, eos, story, eos; and which part each token is in, 0 or 1.

        Returns:
            token ids and token types, both ``[count, 5 + words + 3]``.
        """
        begin, end = (np.full((len(self.kind), 1), special) for special in (BOS, EOS))
        ids = np.concatenate([begin, self.questions(), end, self.stories.words, end], axis=1)
        types = (np.arange(ids.shape[1]) >= QUESTION_WORDS + 2).astype(np.int64)
        return ids, np.broadcast_to(types, ids.shape).copy()

    def _of(self, facts: np.ndarray) -> np.ndarray:
        """What is asked for, of an array ``[count, kinds, 16]``."""
        return facts[np.arange(len(facts)), self.kind, self.about]


def generate(count: int, seed: int, length: int, kinds: tuple[str, ...] = KINDS, depth: float | None = None) -> Asked:
    """Make stories with one question each, the kinds by turns.

    Args:
        count: number of stories.
        seed: the same seed gives the same stories; more of them begin with the same ones.
        length: words of each story with its question, punctuation counted as words.
        kinds: of questions.
        depth: which share of the story's other sentences comes before the one that decides; anywhere without it. With
            it only ``lying`` is asked: what is said of a person has its order.

    Raises:
        PrunariumError: there is no such length, kind or depth.
    """
    _check(length, kinds, depth)
    rng = np.random.default_rng([REVISION, seed])
    kind = np.array([KINDS.index(kinds[number % len(kinds)]) for number in range(count)], dtype=np.int64)
    made = [tell(rng, length - QUESTION_WORDS, one, depth) for one in kind.tolist()]
    return Asked(_stories(made, length - QUESTION_WORDS), kind, np.array([one.about for one in made], dtype=np.int64))


def needles(count: int, seed: int, length: int, depth: float = 0.0) -> Asked:
    """Make stories that are asked for one thing, stated early (long-range recall).

    Args:
        count: number of stories.
        seed: the same seed gives the same stories.
        length: as of ``generate``.
        depth: which share of the story comes before what is asked for, 0 to 1.

    Raises:
        PrunariumError: there is no such length or depth.
    """
    return generate(count, seed, length, kinds=("lying",), depth=depth)


def running_text(count: int, seed: int, length: int) -> Stories:
    """Make stories without a question in which most sentences remind of facts, for perplexity.

    Raises:
        PrunariumError: there is no such length.
    """
    _check(length, KINDS, None)
    rng = np.random.default_rng([REVISION, seed])
    return _stories([tell(rng, length, shares=REMINDING) for _ in range(count)], length)


def every_question(stories: Stories) -> Asked:
    """Ask for each fact of each story: equally many of each, one after the other."""
    number, kind, about = (stories.held != NOTHING).nonzero()
    return Asked(Stories(*(part[number] for part in stories)), kind, about)


def _check(length: int, kinds: tuple[str, ...], depth: float | None) -> None:
    if not SHORTEST <= length <= LONGEST:
        raise PrunariumError(f"storyworld has no stories of {length} words; ask for {SHORTEST} to {LONGEST}")
    if not kinds or not set(kinds) <= set(KINDS):
        raise PrunariumError(f"storyworld has no questions of kinds {kinds}; there are {', '.join(KINDS)}")
    if depth is not None and (not 0 <= depth <= 1 or set(kinds) != {"lying"}):
        raise PrunariumError(f"a depth is a share from 0 to 1, for questions of kind lying alone; not {depth}")


def _stories(made: list[Story], length: int) -> Stories:
    words, sentence = np.empty((2, len(made), length), dtype=np.int64)
    for row, story in enumerate(made):
        words[row] = [IDS[word] for said in story.sentences for word in said]
        sentence[row] = np.repeat(np.arange(len(story.sentences)), [len(said) for said in story.sentences])
    held, told = (np.stack(ones) for ones in zip(*((story.held, story.told) for story in made), strict=True))
    return Stories(words, sentence, held, told)
