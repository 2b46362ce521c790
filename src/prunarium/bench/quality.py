"""What a model answers, sample by sample, with a method and without it, and how often it is right."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from prunarium.bench.bootstrap import interval_of_mean
from prunarium.bench.perplexity import compare_surprises
from prunarium.bench.responses import counting, right
from prunarium.bench.samples import Inputs
from prunarium.bench.sharding import processes, spread
from prunarium.bench.workload import Workload
from prunarium.errors import PrunariumError
from prunarium.families import Handle, TokenMethod
from prunarium.records import Foretelling, Metric, Quality


@dataclass(frozen=True)
class Answers:
    """What a model said to the samples.

    Attributes:
        said: its best classes, best first ``[samples, ranks]``, or the words it generated ``[samples, words]``.
        tokens: tokens that left each block ``[samples, blocks]``; no columns for the untouched model.
        entered: tokens that entered the first block ``[samples]``; not known of the untouched model.
        surprise: nats of each word that was to be said ``[samples, words]``; no columns where words were not given.
    """

    said: np.ndarray
    tokens: np.ndarray
    entered: np.ndarray | None = None
    surprise: np.ndarray | None = None

    def of(self, which: np.ndarray) -> "Answers":
        """Those to some of the samples ``[samples]``."""
        return Answers(self.said[which], self.tokens[which])

    def right(self, labels: np.ndarray, metric: Metric) -> np.ndarray:
        """Whether each sample is answered rightly ``[samples]``."""
        return right(self.said, labels, metric)

    def checksum(self, metric: Metric) -> str:
        """sha256 of the answers that count, sample by sample as little-endian int64."""
        return hashlib.sha256(counting(self.said, metric).astype("<i8").tobytes()).hexdigest()


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
    data, device, size = workload.data, workload.device, workload.batch
    read_ahead = data.batches(size, device) if processes() == 1 else None

    def inputs(start: int) -> Inputs:
        return next(read_ahead) if read_ahead else data.batch(start, min(size, len(data) - start), device)

    def answer_batch(start: int) -> tuple[np.ndarray, ...]:
        if handle is not None:
            handle.samples = start  # a method that draws lots draws by the sample
        response = workload.respond(workload.model, inputs(start))
        said = response.said.cpu().numpy()
        given = response.surprise
        surprise = np.empty((len(said), 0)) if given is None else given.cpu().numpy()
        _check_finite(response.scores, start, repr(method) if method else "the untouched model", workload.precision)
        progress(min(1.0, (start + size) / len(data)))
        if handle is None:
            return said, np.empty((len(said), 0)), np.empty(0), surprise
        report = handle.report()
        left, entered = report.per_sample(len(said)), report.entered(len(said))
        return said, np.asarray(left, dtype=float), np.asarray(entered), surprise

    with method_applied(method, workload) as handle:
        parts = zip(*spread(answer_batch, range(0, len(data), size)), strict=True)
    return Answers(*map(np.concatenate, parts))


def answer_untouched(workload: Workload, progress: Callable[[float], None]) -> Answers:
    """The untouched model's answers to all samples, found once for all methods that share the workload.

    Raises:
        PrunariumError: as ``answer``.
    """
    threads = torch.get_num_threads()  # may round differently
    if threads not in workload.answered:
        workload.answered[threads] = answer(workload, None, progress)
    found: Answers = workload.answered[threads]
    return found


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


def compare_foretelling(plain: Answers, reduced: Answers) -> Foretelling | None:
    """Perplexity of the untouched model and of the method; ``None`` where no words were given to foretell."""
    if plain.surprise is None or reduced.surprise is None or not plain.surprise.size:
        return None
    found = compare_surprises(plain.surprise, reduced.surprise)
    rounded = {name: round(value, 6) for name, value in asdict(found).items()}
    return Foretelling(words=plain.surprise.size, **rounded)


def compare_kinds(
    plain: Answers, reduced: Answers, labels: np.ndarray, metric: Metric, kinds: Sequence[str]
) -> dict[str, Quality]:
    """The same for the samples of each kind of question; empty where all are of one kind."""
    asked = np.asarray(kinds)
    return {
        kind: compare_answers(plain.of(asked == kind), reduced.of(asked == kind), labels[asked == kind], metric)
        for kind in dict.fromkeys(kinds)
    }
