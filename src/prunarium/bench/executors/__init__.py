"""Where cells are done: in local processes, on a Ray cluster, or through SLURM. The same cells, the same records."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Protocol

from prunarium.bench import sharding
from prunarium.bench.cells import Cell, Outcome, Task, do
from prunarium.errors import PrunariumError, did_you_mean

OPTIONS: dict[str, tuple[str, ...]] = {"local": (), "ray": ("address",), "slurm": ("slurm",)}
"""What each executor takes besides cells, workers and processes."""


class Executor(Protocol):
    """Does cells, each once. A cell that fails, or takes its process with it, is an outcome like any other."""

    def run(self, cells: Sequence[Cell]) -> Iterator[Outcome]:
        """The outcome of every cell, in order of completion."""
        ...


def executor(name: str, task: Task = do, workers: int = 1, processes: int = 1, **options: Any) -> Executor:
    """An executor by its name.

    Args:
        name: ``local``, ``ray`` or ``slurm``.
        task: what to call on each cell; picklable.
        workers: how many cells at a time.
        processes: how many processes share the samples of each cell.
        options: of that executor: ``address`` of a Ray cluster, ``slurm`` settings as in ``Slurm``; ``None`` is none.

    Raises:
        PrunariumError: there is none of that name, it has no such option, or its extra is not installed.
    """
    if name not in OPTIONS:
        raise PrunariumError(
            f"there is no executor '{name}'{did_you_mean(name, OPTIONS)}; choose: {', '.join(OPTIONS)}"
        )
    given = {option: value for option, value in options.items() if value}
    for option in given:
        if option not in OPTIONS[name]:
            raise PrunariumError(f"--{option} means nothing to --executor {name}; leave it out")
    started = sharding.processes()
    if started > 1 and (name != "local" or processes > 1):
        raise PrunariumError(f"{started} processes share each cell already; leave out --executor and --processes")
    if processes > 1:
        task = partial(sharding.do_in, processes, task)
    try:
        if name == "ray":
            from prunarium.bench.executors.ray_cluster import RayCluster

            return RayCluster(task, workers, processes, **given)
        if name == "slurm":
            from prunarium.bench.executors.slurm import Slurm

            return Slurm(task, workers, processes, **given)
    except ModuleNotFoundError as error:
        raise PrunariumError(
            f"--executor {name} needs {error.name}, which is not installed: pip install 'prunarium[distributed]'"
        ) from error
    if started > 1:
        from prunarium.bench.executors.group import Group

        return Group(task)
    from prunarium.bench.executors.local import Local

    return Local(task, workers)
