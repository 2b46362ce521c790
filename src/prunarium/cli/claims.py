"""``prunarium claims``: what papers claim beside what was measured here, and whether it holds."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prunarium.cli.app import COMPARE, app
from prunarium.cli.console import console, print_json
from prunarium.cli.options import Json, Records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from prunarium.records import ReportedScore
    from prunarium.registry.claims import Claim, Status

_STYLES: "dict[Status, str]" = {
    "reproduced": "green",
    "within noise": "green",
    "not reproduced": "bold red",
    "not comparable": "dim",
}


@app.command(rich_help_panel=COMPARE)
def claims(
    methods: Annotated[list[str] | None, typer.Argument(metavar="[METHOD]...", help="default: all with claims")] = None,
    comparable: Annotated[bool, typer.Option("--comparable", help="leave out what is not comparable")] = False,
    count: Annotated[
        bool, typer.Option("--count", help="first count the cost of every model and setting that is still missing")
    ] = False,
    records: Records = None,
    as_json: Json = False,
) -> None:
    """Hold what papers claim against what was measured here.

    Each claim is reproduced, within noise, not reproduced, or not comparable, and then for a reason. The totals count
    rows, each by the worst of its comparable numbers; the untouched model's compute is none of them.
    """
    from prunarium import registry
    from prunarium.registry.claims import claims_of, totals

    names = list(dict.fromkeys(methods or registry.recorded_methods(records)))
    if count:
        for name in names:
            _count(name, records)
    data, out = [], console()
    for name in names:
        rows, held = registry.reported_scores(name), claims_of(name, records)
        kept = [claim for claim in held if not comparable or claim.status != "not comparable"]
        if as_json:
            data += [_as_data(name, rows[claim.row], claim) for claim in kept]
        elif kept or methods:
            out.print(_table(name, rows, kept))
            counted = totals(held)
            words = ", ".join(f"{counted[status]} {status}" for status in _STYLES)
            out.print(f"{name}: of {counted.total()} rows {words}", soft_wrap=True)
    if as_json:
        print_json(data)


def _count(method: str, records: Path | None) -> None:
    """Count what the claims of a method need, behind a progress bar on stderr."""
    from rich.console import Console
    from rich.progress import track

    from prunarium import registry

    registry.load_class(method)  # says it well when torch is missing

    from prunarium.bench.cells import do
    from prunarium.bench.counterparts import cells_of_claims
    from prunarium.errors import PrunariumError

    people = Console(stderr=True)
    for cell in track(cells_of_claims(method), method, console=people, transient=True, disable=not people.is_terminal):
        outcome = do(cell, records)
        if outcome.state == "failed":
            raise PrunariumError(f"{cell}: {outcome.error}")


def _table(name: str, rows: "Sequence[ReportedScore]", held: "Sequence[Claim]") -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(title=name, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in ("reported by", "model", "setting", "what"):
        table.add_column(column, overflow="fold")
    for column in ("claimed", "here", "difference"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("why", overflow="fold")
    for claim in held:
        row = rows[claim.row]
        texts = (
            row.reported_by,
            row.model,
            ", ".join(f"{key}={value}" for key, value in row.setting.items()),
            claim.what,
            claim.in_words(claim.claimed),
            claim.in_words(claim.measured),
            "" if claim.difference is None else f"{claim.difference:+.1%}",
        )
        status = Text(claim.status, style=_STYLES[claim.status])
        table.add_row(*(Text(text) for text in texts), status, Text(claim.reason))
    return table


def _as_data(method: str, row: "ReportedScore", claim: "Claim") -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "method": method,
        **asdict(claim),
        "difference": claim.difference,
        "reported": row.model_dump(mode="json", exclude_defaults=True),
    }
