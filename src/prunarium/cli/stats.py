"""``prunarium stats``: how many papers have what."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prunarium.cli.app import FIND, app
from prunarium.cli.console import console, print_json
from prunarium.cli.filters import Chosen, choosing_papers
from prunarium.cli.options import Json

if TYPE_CHECKING:
    from rich.table import Table

    from prunarium.catalog.statistics import Statistics

_BAR_WIDTH = 30


@app.command(rich_help_panel=FIND)
@choosing_papers
def stats(
    chosen: Chosen,
    plot: Annotated[Path | None, typer.Option("--plot", help="Draw a picture: a .png or .svg file.")] = None,
    as_json: Json = False,
) -> None:
    """Count the papers by year, venue, category and the rest, and say what is known of how many."""
    from prunarium.catalog import picture_files, statistics_picture
    from prunarium.catalog.statistics import statistics

    if plot:
        picture_files.check_path(plot, statistics_picture.OPTION)
        chosen.some()
    counted = statistics(chosen.papers)
    if as_json:
        print_json(asdict(counted))
    else:
        out = console()
        out.print(f"{counted.papers} of {len(chosen.catalogue)} papers", style="bold")
        for table in _tables(counted) if counted.papers else ():
            out.print(table)
    if plot:
        console(stderr=True).print(f"picture: {statistics_picture.draw(counted, chosen.catalogue, plot)}")


def _tables(counted: "Statistics") -> "Iterator[Table]":
    for facet, counts in counted.counts.items():
        yield _bars(facet, [(value, count, "") for value, count in counts.items()], counted.papers)
    rows = [
        (field.replace("_", " "), known.known, f"{known.unknown} unknown")
        for field, known in counted.completeness.items()
    ]
    yield _bars("what is known", rows, counted.papers)


def _bars(title: str, rows: list[tuple[str, int, str]], most: int) -> "Table":
    """A value, its count, a bar as long as its share of the papers, and a remark."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False, title=f"\n{title}", title_justify="left")
    table.add_column(no_wrap=True, min_width=32)
    table.add_column(justify="right", min_width=4)
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    for value, count, remark in rows:
        bar = ProgressBar(total=most, completed=count, width=_BAR_WIDTH)
        table.add_row(Text(value), str(count), bar, remark)
    return table
