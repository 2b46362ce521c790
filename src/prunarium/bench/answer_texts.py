"""Answers as text, in the forms in which evaluations compare them: VQAv2's ``plain`` and SQuAD's ``bare``.

Agrawal et al., VQA: Visual Question Answering, ICCV 2015 (arXiv 1505.00468), section 4 and the released evaluation. Two
differences: an apostrophe is left out on both sides, where that code writes out a list of contractions; and punctuation
is left out of the right answers also where all people gave the same one.

Rajpurkar et al., SQuAD: 100,000+ Questions for Machine Comprehension of Text, EMNLP 2016 (arXiv 1606.05250), section 6.
"""

import re
import string
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from prunarium.bench.responses import Respond, Response
from prunarium.bench.samples import Inputs

NUMBERS = ("none", "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
DIGITS = {word: str(max(place - 1, 0)) for place, word in enumerate(NUMBERS)}
ARTICLES = {"a", "an", "the"}
PUNCTUATION = re.escape(r';/[]"{}()=+\_-><@`,?!')
ENDED = -1
"""Stands where an answer has no more characters."""
Form = Callable[[str], str]


def plain(answer: str) -> str:
    """An answer in lower case, without punctuation and articles, small numbers as digits; may be empty."""
    text = re.sub(r"\s+", " ", answer).strip().lower().replace("'", "").replace("’", "")
    text = re.sub(r"(?<=\d),(?=\d)", "", text)
    text = re.sub(rf"(?<=\s)[{PUNCTUATION}]+|[{PUNCTUATION}]+(?=\s|$)|^[{PUNCTUATION}]+", "", text)
    text = re.sub(rf"[{PUNCTUATION}]", " ", text)
    text = re.sub(r"\.(?!\d)", "", text)
    words = (DIGITS.get(word, word) for word in text.split())
    return " ".join(word for word in words if word not in ARTICLES)


def bare(answer: str) -> str:
    """An answer in lower case, without punctuation and articles; may be empty."""
    text = "".join(character for character in answer.lower() if character not in string.punctuation)
    return " ".join(word for word in text.split() if word not in ARTICLES)


def given_answers(found: Any) -> tuple[str, ...]:
    """The right answers that a dataset's column gives: a text, several, or structs that hold them; may be empty."""
    if isinstance(found, dict):
        found = found.get("text", found.get("answer"))
    several: Sequence[Any] = found if isinstance(found, list) else [] if found is None else [found]
    return tuple(str(one["answer"] if isinstance(one, dict) and "answer" in one else one) for one in several)


def spelled(texts: Sequence[str], width: int, form: Form = plain) -> Tensor:
    """The characters of answers in a form, as numbers ``[texts, width]``; what is longer is cut off."""
    rows = [[ord(character) for character in form(text)[:width]] for text in texts]
    padded = [[*row, *[ENDED] * (width - len(row))] for row in rows]
    return torch.tensor(padded, dtype=torch.int64).reshape(len(rows), width)


def right_answers(answers: Sequence[Sequence[str]], form: Form = plain, least: int = 0) -> Tensor:
    """The right answers to each question, as many as any has ``[questions, answers, characters]``.

    The last character of a row is always ``ENDED``, so that an answer that was cut off equals none of them.

    Args:
        answers: to each question.
        form: in which they are compared.
        least: characters to leave room for.
    """
    width = max(least, 1 + max((len(form(text)) for texts in answers for text in texts), default=0))
    most = max(map(len, answers), default=0)
    nobody = torch.full((1, width), ENDED - 1)  # equal to no answer
    rows = [torch.cat([spelled(texts, width, form), nobody.expand(most - len(texts), -1)]) for texts in answers]
    return torch.stack(rows)


def in_writing(respond: Respond, read: Callable[[Tensor], Sequence[str]], width: int, form: Form = plain) -> Respond:
    """Say the same as characters ``[batch, width]`` instead of words of a vocabulary.

    Args:
        respond: says token ids ``[batch, words]``.
        read: the text of such ids.
        width: as of ``right_answers``.
        form: likewise.
    """

    def written(model: Any | nn.Module, inputs: Inputs) -> Response:
        response = respond(model, inputs)
        return Response(spelled(read(response.said), width, form), response.scores)

    return written
