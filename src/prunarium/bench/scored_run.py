"""What every run has in common, wherever its method acts: a cell's key, and the score of what it finds."""

import datetime
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from prunarium.bench.benchmarks import Benchmark
from prunarium.bench.environment import device_name, environment, threads_of
from prunarium.families import Method
from prunarium.records import Card, Cost, Family, Foretelling, MeasuredScore, Quality, Speed
from prunarium.records.natural_key import natural_key
from prunarium.records.score import Precision


class Ground(Protocol):
    """What a run must know of the models and data that it runs on."""

    @property
    def model_name(self) -> str:
        """The name under which scores are recorded."""
        ...

    @property
    def device(self) -> torch.device:
        """What computes."""
        ...

    @property
    def precision(self) -> Precision:
        """Of weights and inputs."""
        ...

    @property
    def seed(self) -> int:
        """Of torch, and of a method that draws lots."""
        ...

    @property
    def benchmark(self) -> Benchmark | None:
        """Empty where only cost is measured."""
        ...

    @property
    def data_checksum(self) -> str | None:
        """sha256 of the data; ``None`` for noise."""
        ...

    @property
    def large_batch(self) -> int:
        """A batch size at which throughput is measured."""
        ...

    @property
    def warning(self) -> str:
        """What a person should know before believing the numbers."""
        ...


@dataclass(frozen=True)
class Found:
    """What a run measured.

    Attributes:
        family: where the method acted.
        quality: by each metric, the main one first; empty where it was not measured.
        by_kind: by the main one, for each kind of question.
        cost: multiply-accumulates and tokens.
        speed: one for each batch size.
        perplexity: where a text was foretold.
    """

    family: Family
    quality: list[Quality]
    by_kind: dict[str, Quality]
    cost: Cost
    speed: list[Speed]
    perplexity: Foretelling | None = None


@dataclass
class ScoredRun(ABC):
    """One method, one setting, one workload.

    Attributes:
        command: what measures it again.
        batch_sizes: to time.
        seconds_per_batch_size: how long to time each.
        trained: whether the model was trained with the method.
        progress: called with what begins and the share of the whole that is done.
    """

    card: Card
    method: Method
    workload: Ground
    command: str
    batch_sizes: tuple[int, ...]
    seconds_per_batch_size: float = 6.0
    trained: bool = False
    progress: Callable[[str, float], None] = lambda what, done: None

    @property
    @abstractmethod
    def weights(self) -> tuple[str, str | None]:
        """The hashes of the weights that the method runs on, and of its learned parts."""

    @abstractmethod
    def check_budget(self, wanted: float, score: MeasuredScore) -> None:
        """Refuse a score whose budget is not the one that was asked for.

        Raises:
            PrunariumError: the run missed it.
        """

    @abstractmethod
    def _find(self, speed: Sequence[Speed] | None) -> Found:
        """Measure; ``speed`` was measured already."""

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

    def measure(self, speed: Sequence[Speed] | None = None) -> MeasuredScore:
        """Quality, cost and speed; the model is left as it was.

        Args:
            speed: measured already, in turns with others.

        Raises:
            PrunariumError: the method does not work on the model or did not act, a batch does not fit into memory, or
                the counter and the closed form disagree.
        """
        workload, benchmark = self.workload, self.workload.benchmark
        found = self._find(speed)
        self.progress("done", 1.0)
        return MeasuredScore(
            key=self.key,
            method=self.card.id,
            method_version=self.card.version,
            setting=repr(self.method),
            parameters=self.method.model_dump(mode="json"),
            family=found.family,
            benchmark=benchmark.name if benchmark else None,
            benchmark_revision=benchmark.revision if benchmark else None,
            data_checksum=workload.data_checksum,
            model=workload.model_name,
            weights=self.weights[0],
            learned=self.weights[1],
            seed=workload.seed,
            trained=self.trained,
            quality=found.quality[0] if found.quality else None,
            other_quality=found.quality[1:],
            quality_by_kind=found.by_kind,
            perplexity=found.perplexity,
            cost=found.cost,
            speed=found.speed,
            environment=environment(workload.device, workload.precision),
            command=self.command,
            measured_on=datetime.datetime.now(datetime.UTC).date().isoformat(),
        )
