"""Cells of one model in one run: the untouched model and all methods take turns, for one table of speeds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from prunarium.bench.cells import Cell, Outcome, Prepared, failed, prepare, settle
from prunarium.bench.memory import batch_of
from prunarium.bench.run import Run
from prunarium.bench.speed import speeds
from prunarium.bench.workload import Workload
from prunarium.errors import PrunariumError
from prunarium.records import Speed

_MAY_DIFFER = ("method", "parameters", "budget", "macs")


@dataclass(frozen=True)
class Together:
    """Does all cells in this process, on one model.

    Attributes:
        root: folder for the records, in place of the methods' own.
        again: measure also what is there.
    """

    root: Path | None = None
    again: bool = False

    def run(self, cells: Sequence[Cell]) -> Iterator[Outcome]:
        """The outcome of every cell: first of those that cannot run or are there, then of all others.

        Raises:
            PrunariumError: the cells differ in more than the method and its setting.
        """
        check_alike(cells)
        due: list[Prepared] = []
        workload: Workload | None = None
        for cell in cells:
            try:
                prepared = prepare(cell, self.root, workload)
                if not isinstance(prepared.run, Run):
                    raise PrunariumError("methods for prompts are timed one by one: leave out --together")
                workload = prepared.run.workload
                if prepared.path.exists() and not self.again:
                    yield settle(prepared)
                    continue
                due.append(prepared)
            except Exception as error:  # a method is somebody's code: what it raises is a fault of its cell alone
                yield failed(cell, error)
        if due:
            yield from self._measure(due)

    def _measure(self, due: Sequence[Prepared]) -> Iterator[Outcome]:
        runs = [one.run for one in due if isinstance(one.run, Run)]
        methods, run = [one.method for one in runs], runs[0]
        torch.manual_seed(due[0].cell.seed)
        by_size: list[list[Speed]] = []
        for size in run.batch_sizes:
            with batch_of(size):
                by_size.append(speeds(methods, run.workload, size, run.seconds_per_batch_size))
        for place, prepared in enumerate(due):
            try:
                yield settle(prepared, self.again, [speed[place] for speed in by_size])
            except Exception as error:
                yield failed(prepared.cell, error)


def check_alike(cells: Sequence[Cell]) -> None:
    """Refuse cells that cannot take turns on one model.

    Raises:
        PrunariumError: two cells differ in something besides the method and its setting.
    """
    for name in Cell.model_fields:
        if name not in _MAY_DIFFER and len({repr(getattr(cell, name)) for cell in cells}) > 1:
            raise PrunariumError(f"--together takes cells of one model in one run: give one {name.replace('_', '-')}")
