"""Cells through SLURM, as one job array that submitit submits and watches.

The jobs and this process share the file system, as they do on a SLURM cluster: a job keeps its score itself.
"""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import submitit
from pydantic import TypeAdapter
from submitit.core.utils import FailedJobError, FailedSubmissionError
from submitit.helpers import as_completed

from prunarium.bench.cells import Cell, Outcome, Task
from prunarium.errors import PrunariumError

RETRIES = 2
FOLDER = Path("build") / "slurm"
MINUTES = 60  # of a cell, unless told otherwise
POLL = 2.0  # seconds


class Slurm:
    """Does up to ``workers`` cells at a time, each in a job of its own. A job that dies is submitted again, twice.

    A cell has as many cores as threads, and one accelerator if it is on ``cuda``; as often as there are ``processes``.

    Attributes:
        slurm: settings of the jobs as ``name=value``: ``folder`` (for what they print), ``time`` (minutes), and
            whatever else submitit gives to sbatch, such as ``partition``, ``account``, ``exclusive`` or ``setup``.
        cluster: ``slurm``; submitit's ``local`` runs the jobs on this machine, for a try.
    """

    def __init__(
        self,
        task: Task,
        workers: int = 1,
        processes: int = 1,
        slurm: Sequence[str] = (),
        cluster: str = "slurm",
    ) -> None:
        if cluster == "slurm":
            _look_for_slurm()
        self.task, self.workers, self.processes, self.cluster = task, workers, processes, cluster
        self.settings = dict(map(_setting, slurm))
        self.folder = Path(str(self.settings.pop("folder", FOLDER)))
        if not isinstance(self.settings.get("time", MINUTES), int):
            raise PrunariumError(f"--slurm time={self.settings['time']}: give whole minutes, such as time=90")

    def run(self, cells: Sequence[Cell]) -> Iterator[Outcome]:
        """The outcome of every cell, in order of completion.

        Raises:
            PrunariumError: a setting that sbatch does not have, or a submission that it refuses.
        """
        waiting = list(cells)
        for left in reversed(range(RETRIES + 1)):
            died = []
            for cell, job in self._completed(waiting):
                outcome = _outcome(cell, job)
                if outcome is None and left:
                    died.append(cell)
                else:
                    yield outcome or Outcome(cell, "failed", error=f"its job died {RETRIES + 1} times; {_log(job)}")
            waiting = died

    def _completed(self, cells: Sequence[Cell]) -> Iterator[tuple[Cell, Any]]:
        """Submit cells as one array, and give each with its job when that is over."""
        if not cells:
            return
        executor = self._executor(cells)
        try:
            with executor.batch():
                jobs = [executor.submit(self.task, cell) for cell in cells]
        except (FailedJobError, FailedSubmissionError) as error:
            raise PrunariumError(f"sbatch refuses the jobs: {_last_line(str(error))}; see --slurm") from error
        of = dict(zip(jobs, cells, strict=True))
        try:
            for job in as_completed(jobs, poll_frequency=POLL):
                yield of.pop(job), job
        finally:
            for job in of:  # nobody waits for them any more
                job.cancel(check=False)

    def _executor(self, cells: Sequence[Cell]) -> submitit.AutoExecutor:
        executor = submitit.AutoExecutor(self.folder, cluster=self.cluster)
        threads = max(cell.threads for cell in cells)
        settings = {
            "time": MINUTES,
            "cpus_per_task": threads * self.processes,
            "gpus_per_node": self.processes if any(cell.device.startswith("cuda") for cell in cells) else None,
            "array_parallelism": self.workers,
            **self.settings,
            # of what else computes; torch is told by the cell
            "setup": [f"export OMP_NUM_THREADS={threads}", str(self.settings.get("setup", ""))],
        }
        try:
            executor.update_parameters(
                name="prunarium",
                timeout_min=settings["time"],
                **{f"slurm_{name}": value for name, value in settings.items()},
            )
        except (NameError, AssertionError, TypeError, ValueError) as error:
            raise PrunariumError(f"--slurm: {str(error).splitlines()[0]}") from error
        return executor


def _look_for_slurm() -> None:
    if not (shutil.which("sbatch") and shutil.which("srun") and shutil.which("sacct")):
        raise PrunariumError(
            "--executor slurm: there is no sbatch here; start it on a login node of the cluster, or leave it out"
        )
    accounts = subprocess.run(["sacct", "--allocations", "--noheader"], capture_output=True, text=True)
    if accounts.returncode:
        raise PrunariumError(
            f"--executor slurm: without sacct a killed job is never noticed; it says: {_last_line(accounts.stderr)}"
        )


def _setting(word: str) -> tuple[str, int | bool | str]:
    name, _, value = word.partition("=")
    if not name or not value:
        raise PrunariumError(f"--slurm {word}: write it as name=value, such as --slurm partition=gpu")
    return name, TypeAdapter(int | bool | str).validate_strings(value)


def _outcome(cell: Cell, job: Any) -> Outcome | None:
    """What a job that is over gave; ``None`` where it died and may be tried again."""
    error = job.exception()
    if error is None:
        outcome: Outcome = job.result()
        return outcome
    if isinstance(error, FailedJobError):
        trace = str(error).split("-" * 22)[1]
        return Outcome(cell, "failed", error=f"its job failed: {_last_line(trace)}; {_log(job)}")
    return None


def _log(job: Any) -> str:
    return f"see {job.paths.stderr}"


def _last_line(text: str) -> str:
    return ([line for line in text.splitlines() if line.strip()] or ["no reason given"])[-1].strip()
