"""What the sentences of a story are about, which a decoder learns to tell beside its answers."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from prunarium.bench.story_telling import NOTHING
from prunarium.bench.story_words import KINDS, NAMES, PERSON, THING
from prunarium.bench.storyworld import Stories

NAMED = 2 * len(NAMES)  # a person and a thing, of which there are as many
TOPICS = NAMED + len(KINDS) + 1
"""Scores of one token: of the persons, the things, the kinds of facts, and no fact."""


def topic_loss(scores: Tensor, stories: Stories, ids: Tensor, sentence: Tensor) -> Tensor:
    """Of whom and what a sentence has named so far, and of the kind of fact that it has stated.

    Args:
        scores: told of each token ``[count, tokens, TOPICS]``.
        stories: what is told.
        ids: tokens, bos, a story's and its questions' ``[count, tokens]``.
        sentence: of each, by number ``[count, tokens]``.
    """
    named, kind = scores.split([NAMED, TOPICS - NAMED], dim=-1)
    so_far, stated = named_so_far(ids, sentence), kinds_stated(stories, sentence)
    of_names = cross_entropy(named.unflatten(-1, (2, -1)).flatten(0, 2), so_far.flatten(), ignore_index=NOTHING)
    return of_names + cross_entropy(kind.flatten(0, 1), stated.flatten(), ignore_index=NOTHING)


def sentences(stories: Stories, questions: int, length: int) -> Tensor:
    """The number of the sentence that each token is in, bos -1; questions count on, one after the other
    ``[count, packed]``."""
    count, told = stories.sentence.shape[0], torch.from_numpy(stories.sentence)
    asked = told.max() + 1 + torch.arange(questions).repeat_interleave(length)
    return torch.cat([torch.full((count, 1), -1), told, asked.expand(count, -1)], dim=1)


def named_so_far(ids: Tensor, sentence: Tensor) -> Tensor:
    """The last person and the last thing that a token's sentence has named up to it, ``NOTHING`` where none is.

    Args:
        ids: tokens ``[count, tokens]``.
        sentence: of each, by number ``[count, tokens]``.

    Returns:
        their places in ``NAMES`` and ``THINGS`` ``[count, tokens, 2]``.
    """
    found = []
    for first in (PERSON, THING):
        names = (ids >= first) & (ids < first + len(NAMES))
        last = torch.where(names, torch.arange(ids.shape[1]), -1).cummax(dim=1).values
        there = last.clamp(min=0)
        known = (last >= 0) & (sentence.gather(1, there) == sentence)
        found.append((ids.gather(1, there) - first).where(known, NOTHING))
    return torch.stack(found, dim=-1)


def kinds_stated(stories: Stories, sentence: Tensor) -> Tensor:
    """Of the last two tokens of each sentence, the kind of the fact that it states, and one more for none; behind the
    story of each question's, which come as in ``every_question`` ``[count, tokens]``."""
    count, told = len(sentence), torch.from_numpy(stories.told)
    spoken = torch.from_numpy(stories.sentence)
    questions = sentence[0, -1] - spoken.max()
    stated = torch.full((count, int(sentence.max()) + 2), len(KINDS))  # one at the end for facts that nobody tells
    for kind in range(len(KINDS)):
        stated.scatter_(1, told[:, kind].where(told[:, kind] != NOTHING, stated.shape[1] - 1), kind)
    asked = (told != NOTHING).nonzero()[:, 1].view(count, -1)
    stated[:, spoken.max() + 1 : -1] = asked
    assert asked.shape[1] == questions
    due = stated.gather(1, sentence.clamp(min=0))
    ahead = torch.cat([sentence[:, 2:], torch.full((count, 2), -2)], dim=1)
    return due.where((ahead != sentence) & (sentence >= 0), NOTHING)
