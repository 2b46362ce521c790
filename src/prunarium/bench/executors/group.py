"""Cells in the processes that ``accelerate launch`` or ``torchrun`` started, all of them on one cell at a time."""

import sys
from collections.abc import Iterator, Sequence

from prunarium.bench.cells import Cell, Outcome, Task
from prunarium.bench.sharding import is_first, together


class Group:
    """Does one cell after the other. The first process gives the outcomes; the others end with the last cell."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def run(self, cells: Sequence[Cell]) -> Iterator[Outcome]:
        """The outcome of every cell, in order."""
        for cell in cells:
            outcome = together(self.task, cell)
            if is_first():
                yield outcome
        if not is_first():
            sys.exit()
