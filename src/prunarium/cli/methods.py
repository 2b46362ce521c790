"""The registry on the command line."""

from typing import Annotated

import typer

from prunarium.cli.app import app
from prunarium.cli.console import console


@app.command()
def methods(json: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """List the methods that can be run."""
    from prunarium import registry

    cards = registry.cards()
    if json:
        from json import dumps

        print(dumps([card.model_dump(mode="json") for card in cards.values()], indent=1))
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("method", "family", "paper", "parity", "measured"):
        table.add_column(column, no_wrap=True)
    table.add_column("what it does", overflow="fold")
    for name, card in cards.items():
        measured = str(len(registry.measured_scores(name)))
        table.add_row(name, ", ".join(card.families), card.paper or "baseline", card.parity, measured, card.summary)
    console().print(table)
    print(f"{len(cards)} methods; run one with: prunarium run METHOD")
