"""The registry on the command line."""

from typing import Annotated

import typer

from prunarium.cli.app import app


@app.command()
def methods(json: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """List the methods that can be run."""
    from prunarium import registry

    cards = registry.cards()
    if json:
        from json import dumps

        print(dumps([card.model_dump(mode="json") for card in cards.values()], indent=1))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("method", "family", "paper", "parity", "measured", "what it does")
    for name, card in cards.items():
        measured = str(len(registry.measured_scores(name)))
        table.add_row(name, ", ".join(card.families), card.paper or "baseline", card.parity, measured, card.summary)
    Console().print(table)
    print(f"{len(cards)} methods; run one with: prunarium run METHOD")
