"""Spreads the samples of one cell over several processes, and puts what comes out back in the order of the samples.

Every process runs the same cell: under ``accelerate launch``, under ``torchrun``, or started by ``do_in``. What is
spread are whole batches, so each is computed as one process alone would compute it, and no sample is padded.

The processes talk through gloo, also where the cell runs on accelerators: what they tell is small, and two of them may
share a device.
"""

import logging
import os
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from prunarium.errors import PrunariumError

if TYPE_CHECKING:
    from accelerate import PartialState

    from prunarium.bench.cells import Cell, Outcome, Task

Result = TypeVar("Result")

LONGEST = timedelta(days=7)  # the others wait while the first process times


def processes() -> int:
    """How many processes work on each cell."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ else 1


def is_first() -> bool:
    """Whether this process is the one that times a cell and keeps its record; it joins no group to know."""
    return processes() == 1 or os.environ["RANK"] == "0"


def spread(work: Callable[[int], Result], items: Sequence[int]) -> list[Result]:
    """``work`` on every item, shared among the processes; each of them gets all results, in the order of the items.

    Raises:
        PrunariumError: another process failed, or worked on something else.
    """
    if processes() == 1:
        return [work(item) for item in items]
    state = _state()
    done: list[tuple[int, Result]] = []
    fault: Exception | None = None
    with state.split_between_processes(list(items)) as share:
        try:
            done = [(item, work(item)) for item in share]
        except Exception as error:  # the others wait for this process: it tells them before it fails
            fault = error
    told = _tell("failed" if fault else "share", f"{type(fault).__name__}: {fault}" if fault else done)
    if fault:
        raise fault
    for process, (what, value) in enumerate(told):
        if what != "share":
            raise PrunariumError(f"process {process} of {len(told)} did not do its share: {value}")
    results = dict(pair for _, pairs in told for pair in pairs)
    if sorted(results) != sorted(items):
        raise PrunariumError(f"{len(told)} processes did {len(results)} of {len(items)} parts: their data differ")
    return [results[item] for item in items]


class ShareDoneError(PrunariumError):
    """This process has done its share of a cell; the first process goes on and writes the record."""


def leave_the_rest_to_the_first() -> None:
    """Go on only in the first process: what follows is timed, or written.

    Raises:
        ShareDoneError: this is another process.
    """
    if not is_first():
        raise ShareDoneError("the first process measures the rest")


def together(task: "Task", cell: "Cell") -> "Outcome":
    """``task`` on a cell in every process of the group; returns when all of them have finished with the cell."""
    if cell.device == "cuda":
        _take_own_device()
    outcome = task(cell)
    # a process that failed early still answers what the others ask, until all are here
    while any(what != "end" for what, _ in _tell("end", outcome.error or f"its cell is {outcome.state}")):
        pass
    return outcome


def do_in(count: int, task: "Task", cell: "Cell") -> "Outcome":
    """``task`` on a cell in ``count`` processes started here; the outcome is that of the first.

    Bind the first two with ``functools.partial`` to have the task of an executor.
    """
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    from prunarium.bench.cells import Outcome

    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        run_id=uuid.uuid4().hex,
        max_restarts=0,
        start_method="spawn",
    )
    logging.disable()  # torch tells of a dead process in twenty lines; the outcome tells it in one
    try:
        outcome: Outcome = elastic_launch(config, together)(task, cell)[0]
    except ChildFailedError as error:
        process, failure = error.get_first_failure()
        return Outcome(cell, "failed", error=f"process {process} of {count} died with exit code {failure.exitcode}")
    finally:
        logging.disable(logging.NOTSET)
    return outcome


def _take_own_device() -> None:
    if devices := torch.cuda.device_count():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")) % devices)


def _tell(what: str, value: Any) -> list[tuple[str, Any]]:
    """What every process says now, in the order of the processes."""
    from accelerate.utils import gather_object

    _state()
    told: list[tuple[str, Any]] = gather_object([(what, value)])
    return told


def _state() -> "PartialState":
    """accelerate's view of the group; joins it at the first call."""
    try:
        from accelerate import PartialState
    except ModuleNotFoundError as error:
        raise PrunariumError(
            "several processes need accelerate, which is not installed: pip install 'prunarium[distributed]'"
        ) from error
    os.environ.setdefault("OMP_NUM_THREADS", str(torch.get_num_threads()))  # else accelerate changes the threads
    return PartialState(cpu=True, timeout=LONGEST)
