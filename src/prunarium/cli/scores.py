"""``prunarium scores``: what was measured, for people and for other programs."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prunarium.cli.app import COMPARE, app
from prunarium.cli.console import console
from prunarium.cli.options import Records
from prunarium.cli.output_file import check_output, write_output
from prunarium.errors import PrunariumError

if TYPE_CHECKING:
    from rich.table import Table

    from prunarium.records import MeasuredScore

TABLE = "table"


@app.command(rich_help_panel=COMPARE)
def scores(
    methods: Annotated[list[str] | None, typer.Argument(metavar="[METHOD]...", help="default: all")] = None,
    family: Annotated[str | None, typer.Option(help="only methods measured in this family, such as vit")] = None,
    benchmark: Annotated[str | None, typer.Option(help="only scores on this benchmark")] = None,
    format: Annotated[str, typer.Option("--format", "-f", help="table, csv, timm-csv, parquet, hf or json")] = TABLE,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="write this file; without it, print")] = None,
    force: Annotated[bool, typer.Option("--force", help="overwrite the file where it exists")] = False,
    records: Records = None,
    as_json: Annotated[bool, typer.Option("--json", help="the same as --format json")] = False,
) -> None:
    """Print the measured scores, or write them in a format of other programs.

    Scores of earlier versions of a method are left out; how many these are stands on stderr.
    """
    from prunarium.bench.score_tables import BINARY, score_table
    from prunarium.registry import measured_of, outdated_of

    if as_json and format not in (TABLE, "json"):
        raise PrunariumError(f"--json and --format {format} are two formats; leave out one")
    format = "json" if as_json else format
    if format == TABLE and output:
        raise PrunariumError(
            "a table is for the screen; give --format csv, timm-csv, parquet, hf or json with --output"
        )
    if format in BINARY and not output:
        raise PrunariumError(f"{format} is not text; give --output FILE")
    if output:
        check_output(output, force)
    found = measured_of(methods, benchmark, family, records)
    if outdated := outdated_of(methods, benchmark, family, records):
        console(stderr=True).print(f"left out: {len(outdated)} scores of earlier versions of their methods")
    if not found:
        raise PrunariumError("no measured score fits; 'prunarium bench' measures some")
    if format == TABLE:
        console().print(_table(found))
        print(f"{len(found)} scores")
        return
    content = score_table(format, found)
    if output:
        write_output(output, content)
        print(f"{len(found)} scores in {output}")
    else:
        sys.stdout.write(content.decode())


def _table(scores: "Sequence[MeasuredScore]") -> "Table":
    from rich.table import Table
    from rich.text import Text

    from prunarium.bench.wording import macs, percent, place, times

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("method", "setting", "on", "budget", "quality", "MACs", "speed ratio", "device"):
        table.add_column(name, justify="right" if name in ("budget", "quality", "MACs") else "left", overflow="fold")
    for score in sorted(scores, key=lambda one: (one.benchmark or "~", one.model, -one.cost.budget, one.method)):
        quality, cost = score.quality, score.cost
        table.add_row(
            score.method,
            Text(score.setting),
            score.benchmark or score.model,
            f"{cost.budget:.3f}",
            f"{percent(quality.method)} of {percent(quality.baseline)}" if quality else "not measured",
            f"{macs(cost.macs)} of {macs(cost.macs_baseline)}",
            ", ".join(f"{times(speed.ratio.median)} at batch {speed.batch_size}" for speed in score.speed),
            Text(place(score.environment)),
        )
    return table
