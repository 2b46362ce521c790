"""Cells on this machine: one at a time, so that none disturbs the timing of another, each in a fresh process."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection

from prunarium.bench.cells import Cell, Outcome, Task
from prunarium.errors import PrunariumError

_SPAWN = multiprocessing.get_context("spawn")  # a forked process would share torch's threads and fail on CUDA


class Local:
    """Does one cell after the other.

    A cell is measured in a process that measured nothing before; what is there already costs no new process.
    """

    def __init__(self, task: Task, workers: int = 1) -> None:
        if workers != 1:
            raise PrunariumError(
                "--executor local times one cell at a time: two would disturb each other; leave out --workers"
            )
        self.task = task

    def run(self, cells: Sequence[Cell]) -> Iterator[Outcome]:
        """The outcome of every cell, in order."""
        worker: _Worker | None = None
        try:
            for cell in cells:
                worker = worker or _Worker(self.task)
                outcome = worker.do(cell)
                if outcome.state != "there":
                    worker.stop()
                    worker = None
                yield outcome
        finally:
            if worker:
                worker.stop()


class _Worker:
    """A process that does the cells it is sent."""

    def __init__(self, task: Task) -> None:
        self.connection, theirs = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=_serve, args=(theirs, task), name="prunarium cell")
        self.process.start()
        theirs.close()  # so that the process's end is noticed here

    def do(self, cell: Cell) -> Outcome:
        """The outcome of a cell, also where the process dies of it."""
        try:
            self.connection.send(cell)
            outcome: Outcome = self.connection.recv()
            return outcome
        except (EOFError, ConnectionError):
            self.process.join()
            return Outcome(cell, "failed", error=f"its process died: {_how(self.process.exitcode)}")

    def stop(self) -> None:
        """End the process, whatever it does."""
        self.connection.close()
        self.process.terminate()
        self.process.join()


def _serve(connection: Connection, task: Task) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches both processes; the other one says so
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    while True:
        try:
            cell = connection.recv()
        except EOFError:
            return
        connection.send(task(cell))


def _end_with_the_parent() -> None:
    """A sweep that is killed leaves no cell running, which would disturb the next sweep's timing."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _how(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        name = signal.Signals(-exitcode).name
        return f"{name}{', perhaps for want of memory' if name == 'SIGKILL' else ''}"
    return f"exit code {exitcode}"
