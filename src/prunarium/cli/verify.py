"""``prunarium verify``: do the recorded scores still come out?"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prunarium.cli.app import MEASURE, app
from prunarium.cli.console import console, print_json
from prunarium.cli.options import Column, Json, Records
from prunarium.cli.values import parse_columns

if TYPE_CHECKING:
    from prunarium.bench.prompt_workload import PromptWorkload
    from prunarium.bench.verification import Again, Missing, Verification
    from prunarium.bench.workload import Workload
    from prunarium.records import MeasuredScore

STYLES = {"passed": "green", "failed": "bold red", "skipped": "yellow"}


@app.command(rich_help_panel=MEASURE)
def verify(
    methods: Annotated[list[str] | None, typer.Argument(metavar="[METHOD]...", help="default: all")] = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="of each method and embedded benchmark only the cheapest record")
    ] = False,
    speed: Annotated[bool, typer.Option("--speed", help="time them too: needs a quiet machine")] = False,
    seconds: Annotated[float, typer.Option(min=0, help="with --speed: how long to time each batch size")] = 6.0,
    data: Annotated[
        Path | None, typer.Option(help="folder of images, or files of a dataset, for records on what is not shipped")
    ] = None,
    column: Column = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="weights, or a directory, for records of models that are not shipped")
    ] = None,
    records: Records = None,
    as_json: Json = False,
) -> None:
    """Measure recorded scores again. Exit code 1 where one does not hold, or a method has none that holds.

    Quality must be inside the recorded paired interval, MACs and tokens exactly the same, and so must be the answers
    on the same device with the same versions. The untouched model's quality must be the same, or inside its interval
    where device or versions differ. With --speed, on the same device, a ratio must be inside the recorded quartiles
    widened by a factor of 1.25. Every method needs a record of its present version that holds on each embedded
    benchmark of its families; with --records only what is there is asked for.
    """
    from prunarium import registry

    names = list(dict.fromkeys(methods or registry.recorded_methods(records)))
    files = {name: registry.measured_files(name, records) for name in names}  # a faulty one is an error before any work

    from prunarium.bench.verification import Again, cheapest, missing

    if fast:
        files = {name: cheapest(found) for name, found in files.items()}
    found = _all(files, Again(speed, seconds, data, checkpoint, parse_columns(column or [])), quiet=as_json)
    lacking = missing(names, found) if records is None else []
    totals = {verdict: sum(one.verdict == verdict for one in found) for verdict in STYLES}
    if as_json:
        print_json({**totals, "missing": [asdict(one) for one in lacking], "records": [_plain(one) for one in found]})
    else:
        _show_end(totals, lacking)
    if totals["failed"] or not totals["passed"] or lacking:
        raise typer.Exit(1)


def _all(records: "dict[str, dict[Path, MeasuredScore]]", again: "Again", quiet: bool) -> "list[Verification]":
    """Measure one after the other behind a progress bar on stderr; each is printed when it is done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from prunarium.bench.verification import verify as verified

    columns = (TextColumn("{task.description:40}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    found: list[Verification] = []
    made: dict[str, Workload | PromptWorkload] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task("starting", total=sum(map(len, records.values())))
        for name, files in records.items():
            for path, score in files.items():
                where = f"{score.method} on {score.benchmark or score.model}"

                def tell(what: str, done: float, where: str = where) -> None:
                    bar.update(task, description=f"{where}: {what}")

                found.append(verified(name, path, score, again, tell, made))
                bar.advance(task)
                if not quiet:
                    _show(found[-1])
    return found


def _show(one: "Verification") -> None:
    """A line for the record, and a table of expected and got where it was measured."""
    from rich.table import Table
    from rich.text import Text

    out = console()
    out.print(Text.assemble((one.verdict, STYLES[one.verdict]), f"  {one.setting}  {one.file.name}"), soft_wrap=True)
    if one.reason:
        out.print(f"  {one.reason}", markup=False, soft_wrap=True)
    if one.checks:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in ("  quantity", "expected", "got", "verdict", ""):
            table.add_column(name, overflow="fold")
        for check in one.checks:
            verdict = Text(check.verdict, STYLES[check.verdict])
            table.add_row(f"  {check.quantity}", check.expected, check.got, verdict, Text(check.note))
        out.print(table)


def _show_end(totals: dict[str, int], lacking: "list[Missing]") -> None:
    from rich.text import Text

    out = console()
    for one in lacking:
        out.print(Text.assemble(("missing", STYLES["failed"]), f"  {one}"), soft_wrap=True)
    counts = {**totals, "missing": len(lacking)}
    out.print(", ".join(f"{count} {word}" for word, count in counts.items()), style="bold")


def _plain(one: "Verification") -> dict[str, Any]:
    return {**asdict(one), "file": str(one.file)}
