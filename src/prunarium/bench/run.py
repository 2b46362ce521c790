"""Runs a method on a workload, against the untouched model with fused attention, in one process."""

import datetime
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from prunarium.bench.acting import check_acted
from prunarium.bench.budgets import first_samples
from prunarium.bench.counters import Macs, audit, check_fused, closed_form, count_macs, mean_macs
from prunarium.bench.environment import device_name, environment, threads_of, weights_hash
from prunarium.bench.memory import batch_of
from prunarium.bench.quality import BATCH, answer, compare_answers
from prunarium.bench.sharding import leave_the_rest_to_the_first
from prunarium.bench.speed import speeds
from prunarium.bench.workload import Workload
from prunarium.families import TokenMethod, shape_of
from prunarium.records import Card, Cost, MeasuredScore, Quality, Speed
from prunarium.records.natural_key import natural_key
from prunarium.registry import load_method


@dataclass
class Run:
    """One method, one setting, one workload.

    Attributes:
        command: what measures it again.
        batch_sizes: to time.
        seconds_per_batch_size: how long to time each.
        trained: whether the model was trained with the method.
        progress: called with what begins and the share of the whole that is done.
    """

    card: Card
    method: TokenMethod
    workload: Workload
    command: str
    batch_sizes: tuple[int, ...]
    seconds_per_batch_size: float = 6.0
    trained: bool = False
    progress: Callable[[str, float], None] = lambda what, done: None

    @property
    def key(self) -> str:
        """The natural key of the score, known before anything is measured."""
        workload, benchmark = self.workload, self.workload.benchmark
        return natural_key(
            method=self.card.id,
            method_version=self.card.version,
            setting=repr(self.method),
            benchmark=benchmark.name if benchmark else None,
            benchmark_revision=benchmark.revision if benchmark else None,
            data_checksum=workload.data_checksum,
            model=workload.model_name,
            weights=self.weights[0],
            learned=self.weights[1],
            seed=workload.seed,
            precision=workload.precision,
            device=device_name(workload.device),
            threads=threads_of(workload.device),
            batch_sizes=self.batch_sizes,
        )

    @functools.cached_property
    def weights(self) -> tuple[str, str | None]:
        """The hashes of the model's weights as the method runs on them, and of the method's learned parts."""
        workload = self.workload
        if workload.device.type == "meta":
            return workload.weights, None  # shapes have no values
        with self.method.apply(workload.model) as handle:
            lent = weights_hash(workload.model) if handle.lends else workload.weights
            parts = handle.learned if handle.learned is not None and handle.learned.state_dict() else None
            return lent, weights_hash(parts) if parts is not None else None

    def measure(self, speed: Sequence[Speed] | None = None) -> MeasuredScore:
        """Quality, cost and speed; the model is left as it was.

        Args:
            speed: measured already, in turns with others.

        Raises:
            PrunariumError: the method does not work on the model or did not act, a batch does not fit into memory, or
                the counter and the closed form disagree.
        """
        workload, benchmark = self.workload, self.workload.benchmark
        family = shape_of(self.method, workload.model).family  # refuses a model that does not fit before any work
        with batch_of(BATCH, "quality is always measured in such batches; use a device with more memory"):
            quality, tokens = self._quality()
        leave_the_rest_to_the_first()
        self.progress("cost", 0.4)
        cost = self._cost(tokens)
        speed = list(self._speeds() if speed is None else speed)
        self.progress("done", 1.0)
        return MeasuredScore(
            key=self.key,
            method=self.card.id,
            method_version=self.card.version,
            setting=repr(self.method),
            parameters=self.method.model_dump(mode="json"),
            family=family,
            benchmark=benchmark.name if benchmark else None,
            benchmark_revision=benchmark.revision if benchmark else None,
            data_checksum=workload.data_checksum,
            model=workload.model_name,
            weights=self.weights[0],
            learned=self.weights[1],
            seed=workload.seed,
            trained=self.trained,
            quality=quality[0] if quality else None,
            other_quality=quality[1:],
            cost=cost,
            speed=speed,
            environment=environment(workload.device, workload.precision),
            command=self.command,
            measured_on=datetime.datetime.now(datetime.UTC).date().isoformat(),
        )

    def _speeds(self) -> Iterator[Speed]:
        for done, size in enumerate(self.batch_sizes):
            self.progress(f"speed at batch size {size}", 0.45 + 0.55 * done / len(self.batch_sizes))
            with batch_of(size):
                yield speeds([self.method], self.workload, size, self.seconds_per_batch_size)[0]

    def _quality(self) -> tuple[list[Quality], np.ndarray]:
        """Right answers with and without the method on the same samples, by each metric; mean tokens per block."""
        workload, labels = self.workload, self.workload.data.labels
        share = 0.4 if labels is None else 0.2
        reduced = answer(workload, self.method, lambda done: self.progress("quality", share * done))
        tokens = reduced.tokens.mean(axis=0)
        if labels is None:
            return [], tokens
        plain = answer(workload, None, lambda done: self.progress("quality, untouched", share * (1 + done)))
        return [compare_answers(plain, reduced, labels.numpy(), metric) for metric in workload.metrics], tokens

    def _cost(self, tokens: np.ndarray) -> Cost:
        workload, model = self.workload, self.workload.model
        one = workload.data.batch(0, 1, workload.device)
        with load_method("identity").apply(model) as handle, torch.inference_mode():
            workload.answer(model, one)
            before = handle.report()
        check_acted(self.method, model, before.tokens_out, tokens)
        if workload.device.type != "meta":  # where nothing is computed, nothing is fused; the counts are the same
            check_fused(model, workload.answer, one)
        untouched = count_macs(model, workload.answer, one)
        audit(untouched, closed_form(model, before, one))
        reduced = self._macs()
        return Cost(
            macs_baseline=untouched.total,
            macs=reduced.total,
            macs_own=reduced.own,
            tokens_baseline=before.tokens_out,
            tokens=[round(float(count), 3) for count in tokens],
            budget=round(float(tokens.sum() / sum(before.tokens_out)), 6),
        )

    def _macs(self) -> Macs:
        """Of one sample, or the mean of several where they differ; each is held against the closed form."""
        workload, model = self.workload, self.workload.model
        counts = []
        with self.method.apply(model) as handle:
            for one in first_samples(self.method, workload):
                counts.append(count_macs(model, workload.answer, one, handle))
                audit(counts[-1], closed_form(model, handle.report(), one))
        return mean_macs(counts)
