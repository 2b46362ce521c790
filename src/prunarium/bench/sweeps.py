"""Sweeps as cells: every combination of every grid, checked as far as it can be before the first cell runs."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from prunarium import registry
from prunarium.bench.benchmarks import find_benchmark
from prunarium.bench.cells import Cell
from prunarium.bench.hub_models import is_directory
from prunarium.catalog import yaml_nodes
from prunarium.catalog.files import Fault, FaultyFileError, field_name, read_text, read_yaml
from prunarium.catalog.yaml_nodes import Place
from prunarium.errors import PrunariumError, did_you_mean
from prunarium.records.sweep import Choices, Grid, Sweep
from prunarium.registry.folders import folders

_FIXED = (
    "checkpoint",
    "data",
    "columns",
    "trained",
    "batch_sizes",
    "seconds",
    "samples",
    "device",
    "precision",
    "threads",
)


def read_sweep(path: Path) -> list[Cell]:
    """The cells of a sweep file; its paths begin at its folder.

    Raises:
        PrunariumError: the file is no valid sweep, or names what does not exist; with the line.
    """
    try:
        sweep = read_yaml(path, Sweep)
        node = yaml_nodes.compose(read_text(path))
        found = list(misfits(sweep, path.parent))
        if found:
            lines = [Fault(str(path), yaml_nodes.line_of(node, at), field_name(at), words) for at, words in found]
            raise FaultyFileError(sorted(lines))
    except FaultyFileError as error:
        more = len(error.faults) - 1
        raise PrunariumError(f"{error.faults[0]}{f' (and {more} more)' if more else ''}") from error
    return cells_of(sweep, path.parent)


def misfits(sweep: Sweep, folder: Path) -> Iterator[tuple[Place, str]]:
    """What a valid sweep names that does not exist: where, and what to do."""
    for at, choices in _parts(sweep):
        for index, name in enumerate(choices.benchmarks or ()):
            if fault := _fault_of(find_benchmark, name):
                yield (*at, "benchmarks", index), fault
    for index, grid in enumerate(sweep.grids):
        for position, name in enumerate(grid.methods):
            method = _method(name, folder)
            fault = _fault_of(registry.find_card, method) or _fault_of(registry.load_class, method)
            if fault:
                yield ("grids", index, "methods", position), fault
                continue
            for parameter, words in _bad_parameters(method, grid.parameters):
                yield ("grids", index, "parameters", parameter), words


def _parts(sweep: Sweep) -> Iterator[tuple[Place, Choices]]:
    yield ("defaults",), sweep.defaults
    for index, grid in enumerate(sweep.grids):
        yield ("grids", index), grid


def _bad_parameters(method: str, parameters: dict[str, list[Any]]) -> Iterator[tuple[str, str]]:
    known = registry.load_class(method).model_fields
    for name, values in parameters.items():
        if name not in known:
            hint = did_you_mean(name, known)
            yield name, f"{method} has no parameter '{name}'{hint}; its parameters: {', '.join(known) or 'none'}"
            continue
        faults = (_fault_of(registry.load_method, method, **{name: value}) for value in values)
        yield from ((name, fault) for fault in faults if fault)


def _fault_of(check: Any, *words: Any, **parameters: Any) -> str:
    try:
        check(*words, **parameters)
    except PrunariumError as error:
        return str(error)
    return ""


def cells_of(sweep: Sweep, folder: Path) -> list[Cell]:
    """Every combination of every grid, each once, in the order of the file. Paths begin at ``folder``."""
    cells = [cell for grid in sweep.grids for cell in _cells_of_grid(_with_defaults(grid, sweep.defaults), folder)]
    return list({cell.model_dump_json(): cell for cell in cells}.values())


def _with_defaults(grid: Grid, defaults: Choices) -> Grid:
    said = {name: value for name in Choices.model_fields if (value := getattr(grid, name)) is not None}
    return Grid.model_validate(
        {**defaults.model_dump(), "methods": grid.methods, "parameters": grid.parameters, **said}
    )


def _cells_of_grid(grid: Grid, folder: Path) -> Iterator[Cell]:
    fixed = {name: value for name in _FIXED if (value := getattr(grid, name)) is not None}
    fixed |= {name: folder / fixed[name] for name in ("checkpoint", "data") if name in fixed}
    axes: dict[str, Sequence[Any]] = {
        "method": [_method(name, folder) for name in grid.methods],
        "benchmark": grid.benchmarks or [None],
        "model": [_model(name, folder) for name in grid.models] if grid.models else [None],
        "parameters": list(_combinations(grid.parameters)),
        "budget": grid.budgets or [None],
        "macs": grid.macs or [None],
        "seed": grid.seeds or [0],
    }
    for values in _combinations(axes):
        yield Cell(**values, **fixed)


def _combinations(axes: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    for values in itertools.product(*axes.values()):
        yield dict(zip(axes, values, strict=True))


def _model(name: str, folder: Path) -> str:
    """A name as it is; the path of a directory from where the process is."""
    return str(folder / name) if is_directory(name, folder) else name


def _method(name: str, folder: Path) -> str:
    """An id as it is; the path of a method folder from where the process is."""
    return str(folder / name) if name not in folders() and (folder / name).is_dir() else name
