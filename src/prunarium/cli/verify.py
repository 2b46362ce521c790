"""``prunarium verify``: do the recorded scores still come out?"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prunarium.cli.app import app
from prunarium.cli.console import console, print_json
from prunarium.errors import PrunariumError

if TYPE_CHECKING:
    from prunarium.bench.verification import Again, Verification
    from prunarium.records import MeasuredScore

STYLES = {"passed": "green", "failed": "bold red", "skipped": "yellow"}


@app.command()
def verify(
    methods: Annotated[list[str] | None, typer.Argument(metavar="[METHOD]...", help="default: all")] = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="of each method and embedded benchmark only the cheapest record")
    ] = False,
    speed: Annotated[bool, typer.Option("--speed", help="time them too: needs a quiet machine")] = False,
    seconds: Annotated[float, typer.Option(min=0, help="with --speed: how long to time each batch size")] = 6.0,
    data: Annotated[
        Path | None, typer.Option(help="folder of images, for records on images that are not shipped")
    ] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="weights, for records of models that are not shipped")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Measure recorded scores again. Exit code 1 where one does not hold, or none could be measured.

    Quality must be inside the recorded paired interval, MACs and tokens exactly the same, and so must be the answers
    on the same device with the same versions. With --speed a ratio must be inside the recorded quartiles widened by
    a factor of 1.25.
    """
    from prunarium import registry

    names = list(dict.fromkeys(methods or registry.cards()))
    records = {name: registry.measured_files(name) for name in names}  # a faulty file is an error before any work

    from prunarium.bench.verification import Again, cheapest

    if fast:
        records = {name: cheapest(found) for name, found in records.items()}
    if not any(records.values()):
        raise PrunariumError(f"no measured score of {', '.join(names)} to verify; 'prunarium bench' measures some")
    found = _all(records, Again(speed, seconds, data, checkpoint), quiet=as_json)
    totals = {verdict: sum(one.verdict == verdict for one in found) for verdict in STYLES}
    if as_json:
        print_json({**totals, "records": [_plain(one) for one in found]})
    else:
        console().print(", ".join(f"{count} {verdict}" for verdict, count in totals.items()), style="bold")
    if totals["failed"] or not totals["passed"]:
        raise typer.Exit(1)


def _all(records: "dict[str, dict[Path, MeasuredScore]]", again: "Again", quiet: bool) -> "list[Verification]":
    """Measure one after the other behind a progress bar on stderr; each is printed when it is done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from prunarium.bench.verification import verify as verified

    columns = (TextColumn("{task.description:40}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    found = []
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task("starting", total=sum(map(len, records.values())))
        for name, files in records.items():
            for path, score in files.items():
                where = f"{score.method} on {score.benchmark or score.model}"

                def tell(what: str, done: float, where: str = where) -> None:
                    bar.update(task, description=f"{where}: {what}")

                found.append(verified(name, path, score, again, tell))
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


def _plain(one: "Verification") -> dict[str, Any]:
    return {**asdict(one), "file": str(one.file)}
