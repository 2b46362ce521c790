"""``prunarium run``: a method against the untouched model, in one line: one cell, with a picture."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prunarium.cli import options
from prunarium.cli.app import MEASURE, app
from prunarium.cli.values import parse_columns, parse_setting
from prunarium.errors import PrunariumError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prunarium.bench.cells import Outcome, Prepared

_PICTURE = "--picture"


@app.command(rich_help_panel=MEASURE)
def run(
    method: options.Method,
    model: options.Model = None,
    benchmark: options.Benchmark = None,
    param: options.Setting = None,
    budget: options.Budget = None,
    macs: options.Macs = None,
    device: options.Device = None,
    precision: options.Precision = None,
    threads: options.Threads = None,
    batch_size: Annotated[list[int] | None, typer.Option(min=1, help="batch size to time; repeatable")] = None,
    seconds: options.Seconds = None,
    samples: options.Samples = None,
    seed: Annotated[int | None, typer.Option(help="of torch, and of a method that draws lots; default: 0")] = None,
    data: options.Data = None,
    column: options.Column = None,
    image: options.Image = None,
    prompt: options.Prompt = None,
    checkpoint: options.Checkpoint = None,
    trained: options.Trained = False,
    download: options.Download = False,
    picture: Annotated[Path | None, typer.Option(help="where to write the picture, a .png or .svg file")] = None,
    record: Annotated[bool, typer.Option("--record", help="keep the score in the method's measured/ folder")] = False,
    again: Annotated[bool, typer.Option("--again", help="with --record: replace a score of this cell")] = False,
    as_json: options.Json = False,
) -> None:
    """Run a method: quality, cost and speed against the untouched model with fused attention."""
    from prunarium import registry

    registry.load_class(method)  # says it well when torch is missing

    from prunarium.bench.cells import Outcome, as_cell, prepare, settle
    from prunarium.bench.pictures.token_picture import draw
    from prunarium.bench.run import Run
    from prunarium.bench.shapes import DEVICE
    from prunarium.catalog.picture_files import check_path
    from prunarium.cli.bench import check_worth_keeping, fetch_weights

    cell = as_cell(
        method=method,
        parameters=parse_setting(param or []),
        budget=budget,
        macs=macs,
        benchmark=benchmark,
        model=model,
        checkpoint=checkpoint,
        trained=trained,
        data=data,
        columns=parse_columns(column or []),
        image=image,
        prompt=prompt,
        seed=seed,
        device=device,
        precision=precision,
        threads=threads,
        batch_sizes=batch_size or None,
        seconds=seconds,
        samples=samples,
    )
    if record:
        check_worth_keeping(cell)
    if download:
        fetch_weights([cell])
    prepared = prepare(cell)
    measured = prepared.run
    if isinstance(measured, Run):
        picture = picture or Path("build") / f"{measured.card.id}-{measured.workload.model_name}.png"
        check_path(picture, _PICTURE)
    elif picture is not None:
        raise PrunariumError(
            f"{_PICTURE}: {measured.card.id} shortens text, of which there is no picture; leave it out"
        )
    if measured.workload.warning:
        _say(measured.workload.warning)
    with _progress_of(prepared, quiet=as_json):
        outcome = settle(prepared, again) if record else Outcome(cell, "measured", prepared.measure())
    _show(outcome, as_json)
    if cell.device == DEVICE:
        return  # counted on shapes: there is nothing to see
    if not isinstance(measured, Run):
        if not as_json:
            left = measured.example()
            print(
                f"prompt 1, {left.tokens_in} tokens: {left.original}\nof them {left.tokens_out} are left: {left.text}"
            )
        return
    assert picture
    drawn = draw(measured.method, measured.workload, picture, _PICTURE)  # last: a score is not lost for a picture
    if not as_json:
        print(f"token map: {drawn}")


def _show(outcome: "Outcome", as_json: bool) -> None:
    assert outcome.score
    if as_json:
        print(outcome.score.model_dump_json(indent=1))
        return
    from prunarium.cli.score_table import show_score

    show_score(outcome.score)
    if outcome.path:
        there = " before, and shown here; --again measures it anew" if outcome.state == "there" else ""
        print(f"recorded{there}: {outcome.path}")
    if outcome.note:
        print(outcome.note)


@contextmanager
def _progress_of(prepared: "Prepared", quiet: bool) -> "Iterator[None]":
    """A progress bar on stderr while a cell is measured."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:28}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task("starting", total=1.0)
        prepared.run.progress = lambda what, done: bar.update(task, description=what, completed=done)
        yield


def _say(text: str) -> None:
    from rich.console import Console

    Console(stderr=True).print(text, style="bold red", markup=False, soft_wrap=True)
