"""Runs a method on a workload, against the untouched model with fused attention, in one process."""

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from prunarium.bench.benchmarks import Inputs
from prunarium.bench.counters import audit, count_macs
from prunarium.bench.environment import environment, weights_hash
from prunarium.bench.timing import interleave, interval, seconds
from prunarium.bench.workload import Workload
from prunarium.families import Report, TokenMethod, shape_of
from prunarium.records import Card, Cost, MeasuredScore, Quality, Speed
from prunarium.registry import load_method

RESAMPLES = 2000
QUALITY_BATCH = 100


@dataclass
class Run:
    """One method, one setting, one workload.

    Attributes:
        command: what measures it again.
        batch_sizes: to time.
        seconds_per_batch_size: how long to time each.
        progress: called with what begins and the share of the whole that is done.
    """

    card: Card
    method: TokenMethod
    workload: Workload
    command: str
    batch_sizes: tuple[int, ...]
    seconds_per_batch_size: float = 6.0
    progress: Callable[[str, float], None] = lambda what, done: None

    def measure(self) -> MeasuredScore:
        """Quality, cost and speed; the model is left as it was.

        Raises:
            PrunariumError: the method does not work on the model, or the counter misses attention.
        """
        workload, benchmark = self.workload, self.workload.benchmark
        family = shape_of(self.method, workload.model).family  # refuses a model that does not fit before any work
        self.progress("quality", 0.0)
        quality, tokens = self._quality()
        self.progress("cost", 0.4)
        cost = self._cost(tokens)
        speed = []
        for done, size in enumerate(self.batch_sizes):
            self.progress(f"speed at batch size {size}", 0.45 + 0.55 * done / len(self.batch_sizes))
            speed.append(self._speed(size))
        self.progress("done", 1.0)
        return MeasuredScore(
            method=self.card.id,
            method_version=self.card.version,
            setting=repr(self.method),
            family=family,
            benchmark=benchmark.name if benchmark else None,
            benchmark_revision=benchmark.revision if benchmark else None,
            data_checksum=workload.data.checksum() if benchmark else None,
            model=workload.model_name,
            weights=workload.weights or weights_hash(workload.model),
            seed=workload.seed,
            quality=quality,
            cost=cost,
            speed=speed,
            environment=environment(workload.device),
            command=self.command,
            measured_on=datetime.datetime.now(datetime.UTC).date().isoformat(),
        )

    def _quality(self) -> tuple[Quality | None, np.ndarray]:
        """Right answers with and without the method on the same samples, and mean tokens per block."""
        if self.workload.data.labels is None:
            return None, self._over_all(self.method)[1]
        plain, _ = self._over_all(None)
        reduced, tokens = self._over_all(self.method)
        low, high = paired_interval(reduced.astype(float) - plain)
        quality = Quality(
            metric="accuracy",
            samples=len(plain),
            baseline=round(float(plain.mean()), 6),
            method=round(float(reduced.mean()), 6),
            difference_low=low,
            difference_high=high,
        )
        return quality, tokens

    @torch.inference_mode()
    def _over_all(self, method: TokenMethod | None) -> tuple[np.ndarray, np.ndarray]:
        """Whether each sample is answered rightly, and mean tokens leaving each block."""
        workload, data = self.workload, self.workload.data
        right, tokens = [], []
        with method_applied(method, workload) as last_report:
            for start in range(0, len(data), QUALITY_BATCH):
                size = min(QUALITY_BATCH, len(data) - start)
                answers = workload.answer(workload.model, data.batch(start, size, workload.device)).argmax(-1).cpu()
                labels = torch.zeros(size) if data.labels is None else data.labels[start : start + size]
                right.append((answers == labels).numpy())
                if method is not None:
                    tokens.append(last_report().tokens_out)
        return np.concatenate(right), np.asarray(tokens, dtype=float).mean(axis=0) if tokens else np.empty(0)

    def _cost(self, tokens: np.ndarray) -> Cost:
        workload = self.workload
        one = workload.data.batch(0, 1, workload.device)
        with method_applied(load_method("identity"), workload) as last_report, torch.inference_mode():
            workload.answer(workload.model, one)
            before = last_report()
        text = _text_tokens(one, before)
        macs_baseline = count_macs(workload.model, workload.answer, one)
        audit(macs_baseline, workload.model, before.tokens_in, before.tokens_out, text)
        with method_applied(self.method, workload) as last_report:
            macs = count_macs(workload.model, workload.answer, one)
            after = last_report()
        audit(macs, workload.model, after.tokens_in, after.tokens_out, text)
        return Cost(
            macs_baseline=macs_baseline,
            macs=macs,
            tokens_baseline=before.tokens_out,
            tokens=[round(float(count), 3) for count in tokens],
            budget=round(float(tokens.sum() / sum(before.tokens_out)), 6),
        )

    @torch.inference_mode()
    def _speed(self, size: int) -> Speed:
        workload = self.workload
        inputs = workload.data.batch(0, size, workload.device)

        def untouched() -> float:
            return seconds(lambda: workload.answer(workload.model, inputs), workload.device)

        def reduced() -> float:
            with self.method.apply(workload.model):
                return untouched()

        plain, with_method = (
            np.asarray(times) for times in interleave(untouched, reduced, self.seconds_per_batch_size)
        )
        return Speed(
            batch_size=size,
            baseline_ms=interval(plain * 1e3),
            method_ms=interval(with_method * 1e3),
            ratio=interval(plain / with_method),
        )


@contextmanager
def method_applied(method: TokenMethod | None, workload: Workload) -> Iterator[Callable[[], Report]]:
    """The workload's model with a method, or untouched; gives the report of the last forward pass."""
    if method is None:
        yield lambda: Report("untouched", ())
        return
    with method.apply(workload.model) as handle:
        yield handle.report


def paired_interval(difference: np.ndarray) -> tuple[float, float]:
    """95 % bootstrap interval of a mean over paired samples."""
    draw = np.random.default_rng(0)
    means = difference[draw.integers(len(difference), size=(RESAMPLES, len(difference)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return round(float(low), 6), round(float(high), 6)


def _text_tokens(inputs: Inputs, report: Report) -> int:
    """Tokens of the prompt that are not the image's (vlm)."""
    prompt = inputs.get("input_ids")
    return 0 if prompt is None else prompt.shape[1] - report.tokens_in[0]
