"""Cells on this machine: in order, each in a process of its own, and none takes the others with it."""

import os
import signal

import pytest

from prunarium import PrunariumError
from prunarium.bench.cells import Cell, Outcome
from prunarium.bench.executors import executor


def process(cell):
    """A cell whose outcome tells its process."""
    return Outcome(cell, "there" if cell.seed % 2 else "measured", note=str(os.getpid()))


def deadly(cell):
    if cell.method == "exits":
        os._exit(7)
    if cell.method == "is killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if cell.method == "leaves":
        raise SystemExit(3)
    return Outcome(cell, "measured")


def cells(*methods):
    return [Cell(method=method, seed=seed) for seed, method in enumerate(methods)]


def test_a_cell_is_measured_where_nothing_was_measured_before():
    outcomes = list(executor("local", process).run(cells("a", "b", "c", "d", "e")))
    assert [outcome.cell.seed for outcome in outcomes] == [0, 1, 2, 3, 4]
    a, b, c, d, e = (int(outcome.note) for outcome in outcomes)
    assert os.getpid() not in (a, b, c, d, e)
    assert a != b and b == c and c != d and d == e, "one that is there leaves its process as good as new"


@pytest.mark.slow
def test_a_cell_that_kills_its_process_is_an_outcome():
    outcomes = list(executor("local", deadly).run(cells("fine", "exits", "is killed", "leaves", "fine")))
    assert [outcome.state for outcome in outcomes] == ["measured", "failed", "failed", "failed", "measured"]
    assert [outcome.error for outcome in outcomes[1:4]] == [
        "its process died: exit code 7",
        "its process died: SIGKILL, perhaps for want of memory",
        "its process died: exit code 3",
    ]


def test_no_process_stays_when_somebody_stops_early():
    running = executor("local", process).run(cells("a", "b", "c"))
    next(running)
    pid = int(next(running).note)
    os.kill(pid, 0)
    running.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_an_executor_that_is_none():
    with pytest.raises(PrunariumError, match=r"there is no executor 'slrum' \(did you mean 'slurm'\?\)"):
        executor("slrum")
    with pytest.raises(PrunariumError, match="one cell at a time"):
        executor("local", workers=2)
