"""What a model says, and whether it is right: the classes that it thinks best, or words that it generates."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from prunarium.bench.samples import Inputs
from prunarium.bench.word_overlap import f1
from prunarium.records.score import Metric

Answer = Callable[[nn.Module, Inputs], Tensor]
RANKS: dict[Metric, int] = {"accuracy": 1, "top-1": 1, "top-5": 5}
"""Among how many of the best classes the right one counts; an exact match is one of all words instead."""


@dataclass(frozen=True)
class Response:
    """What was said to a batch.

    Attributes:
        said: int64: the best classes, best first ``[batch, ranks]``, or words ``[batch, words]``.
        scores: by which it was chosen ``[batch, ...]``.
        surprise: nats of each word that was to be said ``[batch, words]``; ``None`` where words were not given.
    """

    said: Tensor
    scores: Tensor
    surprise: Tensor | None = None


Respond = Callable[[nn.Module, Inputs], Response]


def best_classes(answer: Answer) -> Respond:
    """Say the best of the scores that a forward pass gives."""

    def respond(model: nn.Module, inputs: Inputs) -> Response:
        scores = answer(model, inputs)
        return Response(scores.argsort(dim=-1, descending=True, stable=True)[:, : max(RANKS.values())], scores)

    return respond


def generated_words(count: int) -> Respond:
    """Say what ``generate`` says, word for word, without sampling: at most so many, padded to them at the end."""

    def respond(model: Any, inputs: Inputs) -> Response:
        output = model.generate(
            **inputs, do_sample=False, max_new_tokens=count, return_dict_in_generate=True, output_logits=True
        )
        words = output.sequences[:, inputs["input_ids"].shape[1] :]
        said = nn.functional.pad(words, (0, count - words.shape[1]), value=model.generation_config.pad_token_id)
        return Response(said, torch.stack(output.logits, dim=1))

    return respond


def counting(said: np.ndarray, metric: Metric) -> np.ndarray:
    """What of it a metric looks at ``[samples, ...]``."""
    return said[:, : RANKS.get(metric)]


def right(said: ArrayLike, labels: ArrayLike, metric: Metric) -> np.ndarray:
    """Whether each sample is answered rightly, or to which part ``[samples]``.

    Args:
        said: best classes, best first, or words, as in ``Response``.
        labels: right answers, as in ``Samples``.
        metric: by which to judge.
    """
    there, due = counting(np.asarray(said), metric), np.asarray(labels)
    if metric == "exact match":
        due = due if due.ndim == 3 else due[:, None]
        return (there[:, None] == due).all(axis=2).any(axis=1)
    if metric == "vqa accuracy":
        return _shared(there[:, None] == due)
    if metric == "f1":
        return f1(there, due)
    if metric == "next word":
        return (there == due).mean(axis=1)
    return (there == due[:, None]).any(axis=1)


def _shared(equal: np.ndarray) -> np.ndarray:
    """VQAv2's accuracy: an answer that three people gave is right, one that fewer gave a third as often; the mean over
    leaving out each of the people.

    Args:
        equal: which words or characters are those of which person's answer ``[samples, people, words]``.
    """
    agree, people = equal.all(axis=2).sum(axis=1), equal.shape[1]
    left_out, others = np.minimum(1, (agree - 1) / 3), np.minimum(1, agree / 3)
    return (agree * left_out + (people - agree) * others) / people
