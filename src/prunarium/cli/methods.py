"""The registry on the command line."""

from prunarium.cli.app import MEASURE, app
from prunarium.cli.console import console, print_json
from prunarium.cli.options import Json


@app.command(rich_help_panel=MEASURE)
def methods(as_json: Json = False) -> None:
    """List the methods that can be run."""
    from prunarium import registry

    cards = registry.cards()
    if as_json:
        print_json([card.model_dump(mode="json") for card in cards.values()])
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
