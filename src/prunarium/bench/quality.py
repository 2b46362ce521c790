"""What a model answers, sample by sample, with a method and without it, and how often it is right."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from prunarium.bench.bootstrap import interval_of_mean
from prunarium.bench.samples import Inputs
from prunarium.bench.sharding import processes, spread
from prunarium.bench.workload import Workload
from prunarium.errors import PrunariumError
from prunarium.families import Handle, TokenMethod
from prunarium.records import Metric, Quality

BATCH = 100  # always the same: another batch size may round differently
RANKS: dict[Metric, int] = {"accuracy": 1, "top-1": 1, "top-5": 5}
"""Among how many of the best answers the right one counts."""


@dataclass(frozen=True)
class Answers:
    """What a model said to the samples.

    Attributes:
        ranked: its best answers, best first ``[samples, ranks]``.
        tokens: tokens that left each block ``[samples, blocks]``; no columns for the untouched model.
    """

    ranked: np.ndarray
    tokens: np.ndarray

    def right(self, labels: np.ndarray, metric: Metric) -> np.ndarray:
        """Whether each sample is answered rightly ``[samples]``."""
        return (self.ranked[:, : RANKS[metric]] == labels[:, None]).any(axis=1)

    def checksum(self, metric: Metric) -> str:
        """sha256 of the answers that count, sample by sample as little-endian int64."""
        return hashlib.sha256(self.ranked[:, : RANKS[metric]].astype("<i8").tobytes()).hexdigest()


@contextmanager
def method_applied(method: TokenMethod | None, workload: Workload) -> Iterator[Handle | None]:
    """The workload's model with a method, or untouched."""
    if method is None:
        yield None
        return
    with method.apply(workload.model) as handle:
        yield handle


@torch.inference_mode()
def answer(
    workload: Workload, method: TokenMethod | None, progress: Callable[[float], None] = lambda done: None
) -> Answers:
    """Answers to all samples. Several processes share the batches; each sample gets the same answer, bit by bit.

    Raises:
        PrunariumError: a sample cannot be read, the scores of one are not finite, or another process failed.
    """
    data, device = workload.data, workload.device
    ranks = max(RANKS[metric] for metric in workload.metrics)
    read_ahead = data.batches(BATCH, device) if processes() == 1 else None

    def inputs(start: int) -> Inputs:
        return next(read_ahead) if read_ahead else data.batch(start, min(BATCH, len(data) - start), device)

    def answer_batch(start: int) -> tuple[np.ndarray, np.ndarray]:
        if handle is not None:
            handle.samples = start  # a method that draws lots draws by the sample
        scores = workload.answer(workload.model, inputs(start))
        _check_finite(scores, start, repr(method) if method else "the untouched model", workload.precision)
        left = handle.report().per_sample(len(scores)) if handle is not None else np.empty((len(scores), 0))
        progress(min(1.0, (start + BATCH) / len(data)))
        ranked = scores.argsort(dim=-1, descending=True, stable=True)[:, :ranks].cpu().numpy()
        return ranked, np.asarray(left, dtype=float)

    with method_applied(method, workload) as handle:
        ranked, tokens = zip(*spread(answer_batch, range(0, len(data), BATCH)), strict=True)
    return Answers(np.concatenate(ranked), np.concatenate(tokens))


def _check_finite(scores: Tensor, start: int, who: str, precision: str) -> None:
    """NaN has a rank like any number, and would become an accuracy."""
    faulty = scores.isfinite().flatten(1).all(dim=1).logical_not().nonzero()
    if len(faulty):
        raise PrunariumError(
            f"{who} answers sample {start + int(faulty[0])} (the first is 0) with scores that are not finite in "
            f"{precision}; try another --precision"
        )


def compare_answers(plain: Answers, reduced: Answers, labels: np.ndarray, metric: Metric) -> Quality:
    """Shares of right answers of the untouched model and of the method on the same samples."""
    before, after = plain.right(labels, metric), reduced.right(labels, metric)
    low, high = interval_of_mean(after.astype(float) - before)
    return Quality(
        metric=metric,
        samples=len(labels),
        baseline=round(float(before.mean()), 6),
        method=round(float(after.mean()), 6),
        difference_low=round(low, 6),
        difference_high=round(high, 6),
        answers=reduced.checksum(metric),
        answers_baseline=plain.checksum(metric),
    )
