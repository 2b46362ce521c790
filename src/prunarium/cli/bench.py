"""``prunarium bench``: many cells, each measured once and kept as a record."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prunarium.cli import options
from prunarium.cli.app import MEASURE, app
from prunarium.cli.console import console, print_json
from prunarium.cli.values import parse_columns
from prunarium.errors import PrunariumError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prunarium.bench.cells import Cell, Outcome
    from prunarium.bench.executors import Executor

SWEEP_SUFFIXES = (".yaml", ".yml")
_OPTIONS = {
    "benchmarks": "benchmark",
    "models": "model",
    "parameters": "param",
    "budgets": "budget",
    "macs": "macs",
    "seeds": "seed",
    "batch_sizes": "batch-size",
}


@app.command(rich_help_panel=MEASURE)
def bench(
    methods: Annotated[
        list[str], typer.Argument(metavar="METHOD...", help="methods or paths of method folders; or one sweep.yaml")
    ],
    benchmark: Annotated[list[str] | None, typer.Option(help="default: the family's embedded one; repeatable")] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="any timm ViT, or the directory of a vision-language or text model; repeatable"),
    ] = None,
    checkpoint: options.Checkpoint = None,
    trained: options.Trained = False,
    data: options.Data = None,
    column: options.Column = None,
    download: options.Download = False,
    param: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE,...", help="a parameter and its values; repeatable")
    ] = None,
    budget: Annotated[
        list[str] | None,
        typer.Option(metavar="B,...", help="mean tokens per block, of the untouched model's: 0.75,0.5"),
    ] = None,
    macs: Annotated[
        list[str] | None,
        typer.Option(metavar="M,...", help="multiply-accumulates, of the untouched model's: 0.65"),
    ] = None,
    seed: Annotated[list[str] | None, typer.Option(metavar="S,...", help="such as 0,1,2; default: 0")] = None,
    device: options.Device = None,
    precision: options.Precision = None,
    batch_size: Annotated[
        list[str] | None, typer.Option(metavar="N,...", help="batch sizes to time; default: 1 and a large one")
    ] = None,
    seconds: options.Seconds = None,
    samples: options.Samples = None,
    threads: options.Threads = None,
    executor: Annotated[str, typer.Option(help="where cells are done: local, ray or slurm")] = "local",
    workers: Annotated[int, typer.Option(min=1, help="cells at a time; local: one")] = 1,
    processes: Annotated[int, typer.Option(min=1, help="processes that share the samples of each cell")] = 1,
    address: Annotated[str | None, typer.Option(help="of a Ray cluster; default: RAY_ADDRESS, or one here")] = None,
    slurm: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="of sbatch: partition=gpu, time=90; repeatable")
    ] = None,
    together: Annotated[
        bool,
        typer.Option("--together", help="all methods take turns with the untouched model, for one table of speeds"),
    ] = False,
    records: options.Records = None,
    again: Annotated[bool, typer.Option("--again", help="measure also cells whose score is there")] = False,
    as_json: options.Json = False,
) -> None:
    """Measure every combination of methods and settings; exit code 1 where a cell failed.

    A run that is stopped goes on where it was, when it is started again: no cell is lost, none measured twice.
    """
    from prunarium import registry

    registry.load_class("identity")  # says it well when torch is missing

    from functools import partial

    from prunarium.bench.cells import do
    from prunarium.bench.executors import executor as find_executor
    from prunarium.bench.executors.together import Together

    cells = _cells(
        methods,
        {
            "benchmarks": benchmark,
            "models": model,
            "checkpoint": str(checkpoint) if checkpoint else None,
            "data": str(data) if data else None,
            "columns": parse_columns(column or []),
            "trained": trained or None,
            "parameters": param,
            "budgets": budget,
            "macs": macs,
            "seeds": seed,
            "device": device,
            "precision": precision,
            "batch_sizes": batch_size,
            "seconds": seconds,
            "samples": samples,
            "threads": threads,
        },
    )
    for cell in cells:
        check_worth_keeping(cell, records)
    if download:
        fetch_weights(cells)
    task = partial(do, root=records, again=again)
    if together and (executor, workers, processes) != ("local", 1, 1):
        raise PrunariumError("--together is one run in one process: leave out --executor, --workers and --processes")
    place = (
        Together(records, again)
        if together
        else find_executor(executor, task, workers, processes, address=address, slurm=slurm)
    )
    outcomes = _watch(place, cells)
    if as_json:
        print_json([outcome.as_data() for outcome in outcomes])
    else:
        from prunarium.cli.outcome_table import outcome_table

        console().print(outcome_table(outcomes))
    _end(outcomes)


def fetch_weights(cells: "Sequence[Cell]") -> None:
    """Download the pretrained weights that cells need and this machine lacks.

    Raises:
        PrunariumError: some cannot be fetched.
    """
    from prunarium.bench.checkpoints import download
    from prunarium.bench.hub_models import is_directory

    for name in sorted({cell.model for cell in cells if cell.model and not cell.checkpoint}):
        if not is_directory(name):
            download(name)


def check_worth_keeping(cell: "Cell", records: Path | None = None) -> None:
    """Refuse to put among a registered method's records what is only good for a look.

    Raises:
        PrunariumError: too short a timing, or not all samples.
    """
    from prunarium.registry import measured_folder
    from prunarium.registry.folders import folders

    there = measured_folder(cell.method, records).resolve()
    if there not in {(folder / "measured").resolve() for folder in folders().values()}:
        return
    if cell.seconds < 1:
        raise PrunariumError("a record needs at least --seconds 1: a shorter timing is not worth keeping")
    if cell.samples is not None:
        raise PrunariumError("a record needs all samples: leave out --samples, or keep it elsewhere with --records DIR")


def _cells(methods: list[str], choices: dict[str, Any]) -> "list[Cell]":
    """The cells of a sweep file, or of a grid of options."""
    from prunarium.bench.sweeps import read_sweep

    given = {name: value for name, value in choices.items() if value not in (None, [])}
    files = [name for name in methods if name.endswith(SWEEP_SUFFIXES)]
    if not files:
        return _cells_of_options({"methods": methods, **given})
    if len(methods) > 1:
        raise PrunariumError(f"{files[0]}: a sweep file stands alone; name its methods in it")
    if given:
        option = _OPTIONS.get(next(iter(given)), next(iter(given)))
        raise PrunariumError(f"{files[0]}: says itself what to measure; leave out --{option}")
    return read_sweep(Path(files[0]))


def _cells_of_options(given: dict[str, Any]) -> "list[Cell]":
    from pydantic import ValidationError

    from prunarium.bench.sweeps import cells_of, misfits
    from prunarium.catalog.wording import in_words
    from prunarium.cli.values import parse_parameters, parse_values
    from prunarium.records.sweep import Grid, Sweep

    for name in ("budgets", "macs", "seeds", "batch_sizes"):
        if name in given:
            given[name] = parse_values(f"--{_OPTIONS[name]}", ",".join(given[name]))
    given["parameters"] = parse_parameters(given.get("parameters", []))
    try:
        sweep = Sweep(grids=[Grid.model_validate(given)])
    except ValidationError as error:
        fault = error.errors()[0]
        name = str(fault["loc"][0])
        raise PrunariumError(f"--{_OPTIONS.get(name, name)} {in_words(fault, Grid)}") from None
    for _, words in misfits(sweep, Path()):
        raise PrunariumError(words)
    return cells_of(sweep, Path())


def _watch(executor: "Executor", cells: "Sequence[Cell]") -> "list[Outcome]":
    """Do all cells behind a progress bar, which is only for people."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    people = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    outcomes = []
    with Progress(
        *columns,
        console=people,
        transient=True,
        disable=not people.is_terminal,
        refresh_per_second=1,  # drawn beside a timing
        speed_estimate_period=float("inf"),  # a cell takes longer than rich looks back
    ) as progress:
        due = len(cells)
        bar = progress.add_task("measuring", total=due)
        for outcome in executor.run(cells):
            outcomes.append(outcome)
            due -= outcome.state == "there"  # takes no time, and would spoil the estimate
            progress.update(bar, total=due, advance=outcome.state != "there", description=str(outcome.cell))
            if outcome.note:
                progress.console.print(f"{outcome.cell}: {outcome.note}", style="yellow", markup=False, soft_wrap=True)
    place = {cell.model_dump_json(): position for position, cell in enumerate(cells)}
    return sorted(outcomes, key=lambda outcome: place[outcome.cell.model_dump_json()])


def _end(outcomes: "Sequence[Outcome]") -> None:
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    for outcome in failed:
        typer.echo(f"failed: {outcome.cell}: {outcome.error}", err=True)
    if failed:
        typer.echo(f"{len(failed)} of {len(outcomes)} cells failed", err=True)
        raise typer.Exit(1)
