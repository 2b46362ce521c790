"""``prunarium duplicates``: records that may be the same paper."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from prunarium import paths
from prunarium.cli.app import CURATE, app
from prunarium.cli.console import console, print_json
from prunarium.cli.curate import Root
from prunarium.cli.options import Json

if TYPE_CHECKING:
    from rich.table import Table

    from prunarium.catalog.duplicates import Suspicion


@app.command(rich_help_panel=CURATE)
def duplicates(
    show_all: Annotated[bool, typer.Option("--all", help="List the pairs that are explained as well.")] = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Find records that may be the same paper; exit code 1 where a pair is not explained.

    A pair is explained by duplicate_of or superseded_by, or in catalog/distinct.yaml where it is two papers.
    """
    from prunarium.catalog import load
    from prunarium.catalog.duplicates import explain, read_distinct, suspected

    root = root or paths.root()
    catalogue = load(root)
    found = suspected(catalogue)
    explain(found, catalogue.papers_by_id, read_distinct(root))
    open_ones = [suspicion for suspicion in found if suspicion.explained is None]
    listed = found if show_all else open_ones
    counts = {"unexplained": len(open_ones), "explained": len(found) - len(open_ones)}
    if as_json:
        data = {**counts, "pairs": [asdict(suspicion) for suspicion in listed]}
        print_json(data)
    else:
        if listed:
            console().print(suspicion_table(listed))
        pairs = f"pair{'s'[: len(open_ones) != 1]}"
        console().print(f"{len(open_ones)} unexplained {pairs}, {counts['explained']} explained", style="bold")
    if open_ones:
        raise typer.Exit(1)


def suspicion_table(suspicions: "list[Suspicion]") -> "Table":
    """Pairs with their scores, and why they are suspected or explained."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("score", "papers", "why", "explained"):
        table.add_column(name, overflow="fold", justify="right" if name == "score" else "left")
    for one in suspicions:
        pair = Text(" ".join(one.papers), style="cyan")
        table.add_row(f"{one.score:.0f}", pair, Text(", ".join(one.reasons)), Text(one.explained or ""))
    return table
