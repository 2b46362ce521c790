"""Cells on a Ray cluster: one that is there, or one on this machine that ends with the sweep.

A worker returns the whole outcome. It keeps the score where it runs, which is where it belongs when the file system is
shared; where it is not, ``run`` keeps it here as well.
"""

import logging
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from prunarium import registry
from prunarium.bench.cells import Cell, Outcome, Task
from prunarium.bench.records import write_score
from prunarium.errors import PrunariumError

# Read when ray is imported: it prints every retried task to stdout, whatever its logging is set to.
os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import ray
from ray.exceptions import RayError, RayTaskError

RETRIES = 2


class RayCluster:
    """Does up to ``workers`` cells at a time, each in a fresh process with cores and accelerators of its own.

    A cell has as many cores as threads, and one accelerator if it is on ``cuda``; as often as there are ``processes``.
    A cell whose process is killed is done again, twice at most. A fault of the cell itself is not.

    Attributes:
        address: of a cluster; without it ``RAY_ADDRESS``; without that a cluster is started on this machine.
    """

    def __init__(self, task: Task, workers: int = 1, processes: int = 1, address: str | None = None) -> None:
        self.task, self.workers, self.processes = task, workers, processes
        self.address = address or os.environ.get("RAY_ADDRESS")

    def run(self, cells: Sequence[Cell]) -> Iterator[Outcome]:
        """The outcome of every cell, in order of completion.

        Raises:
            PrunariumError: the cluster cannot be reached or started, or cannot hold a cell.
        """
        waiting, running = list(reversed(cells)), dict[Any, Cell]()
        with self._cluster(cells):
            while waiting or running:
                while waiting and len(running) < self.workers:
                    cell = waiting.pop()
                    running[self._start(cell)] = cell
                done, _ = ray.wait(list(running))
                yield _outcome(done[0], running.pop(done[0]))

    def _start(self, cell: Cell) -> Any:
        on_ray = ray.remote(max_calls=1, max_retries=RETRIES, retry_exceptions=False)(_do)
        return on_ray.options(num_cpus=self._cores(cell), num_gpus=self._accelerators(cell), name=str(cell)).remote(
            self.task, str(Path.cwd()), cell
        )

    def _cores(self, cell: Cell) -> int:
        return cell.threads * self.processes

    def _accelerators(self, cell: Cell) -> int:
        if ":" in cell.device:
            raise PrunariumError(f"--device {cell.device}: Ray gives each cell a device; write --device cuda")
        return self.processes if cell.device == "cuda" else 0

    @contextmanager
    def _cluster(self, cells: Sequence[Cell]) -> Iterator[None]:
        wanted = [(cell, self._cores(cell), self._accelerators(cell)) for cell in cells]
        ours = not ray.is_initialized()
        if ours:
            self._connect(max((cores for _, cores, _ in wanted), default=1))
        try:
            there = ray.cluster_resources()
            for cell, cores, accelerators in wanted:
                for what, count in (("CPU", cores), ("GPU", accelerators)):
                    if count > there.get(what, 0):
                        raise PrunariumError(
                            f"{cell} needs {count} {what}, the Ray cluster has {there.get(what, 0):g} in all; "
                            "Ray would wait for more for ever"
                        )
            yield
        finally:
            if ours:
                ray.shutdown()

    def _connect(self, cores: int) -> None:
        where: dict[str, Any] = {"address": self.address}
        if not self.address:
            where = {
                "address": "local",  # not one that happens to run here
                "num_cpus": self.workers * cores,
                "include_dashboard": False,
                "_node_ip_address": "127.0.0.1",
            }
        else:
            _reach(self.address)
        try:
            ray.init(**where, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, RayError, RuntimeError, ValueError) as error:
            where_from = self.address or "this machine"
            hint = "if it asks for a token, set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN"
            raise PrunariumError(f"no Ray cluster at {where_from}: {_first_line(error)}; {hint}") from error


def _reach(address: str) -> None:
    """Ray itself tries for four minutes."""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    try:
        if colon:
            socket.create_connection((host, int(port)), timeout=5).close()
    except (OSError, ValueError) as error:
        raise PrunariumError(f"no Ray cluster at {address}: {_first_line(error)}") from error


def _do(task: Task, folder: str, cell: Cell) -> tuple[Outcome, bool]:
    """In a worker: the outcome, and whether its score is in the folder of its method.

    The paths of a cell are seen from the folder where the sweep was started.
    """
    if Path(folder).is_dir():
        os.chdir(folder)
    outcome = task(cell)
    return outcome, bool(outcome.path and outcome.path.is_relative_to(registry.folder_of(cell.method)))


def _kept(outcome: Outcome, with_method: bool) -> Outcome:
    """The outcome with its score in a file that this process sees."""
    if outcome.score is None or outcome.path is None:
        return outcome
    folder = registry.folder_of(outcome.cell.method)
    path = folder / "measured" / outcome.path.name if with_method else outcome.path
    if outcome.state == "measured" or not path.exists():
        write_score(outcome.score, path)
    return replace(outcome, path=path)


def _outcome(reference: Any, cell: Cell) -> Outcome:
    try:
        return _kept(*ray.get(reference))
    except RayTaskError as error:
        return Outcome(cell, "failed", error=_first_line(error.cause))
    except RayError as error:
        lost = f"lost on the Ray cluster, after {RETRIES} more tries at most"
        return Outcome(cell, "failed", error=f"{lost}: {type(error).__name__}: {_first_line(error)}")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
