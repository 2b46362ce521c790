"""``prunarium plot``: measured quality against cost, all methods of a benchmark in one picture."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prunarium.cli.app import COMPARE, app
from prunarium.cli.console import console
from prunarium.cli.options import Records

if TYPE_CHECKING:
    from prunarium.bench.pictures.trade_off import Axis, TradeOff

_OUTPUT = "--output"
_VEGA = ".vl.json"


class _Against(StrEnum):
    macs = "macs"
    speed = "speed"


@app.command(rich_help_panel=COMPARE)
def plot(
    benchmark: Annotated[str | None, typer.Option(help="default: the one with the most scores")] = None,
    family: Annotated[str | None, typer.Option(help="vit, vlm, encoder, decoder or prompt")] = None,
    model: Annotated[str | None, typer.Option(help="default: the one with the most scores")] = None,
    device: Annotated[str | None, typer.Option(help="its name; default: the one with the most scores")] = None,
    against: Annotated[_Against, typer.Option(help="what quality is set against")] = _Against.macs,
    output: Annotated[
        Path | None, typer.Option(_OUTPUT, "-o", help="a .png or .svg file, or .vl.json for Vega-Lite")
    ] = None,
    records: Records = None,
) -> None:
    """Draw quality against multiply-accumulates or measured speed, with intervals, from the recorded scores.

    The scores of one picture are of one model, device, number of threads and precision.
    """
    from prunarium import registry
    from prunarium.bench.pictures.trade_off import choose, trade_offs
    from prunarium.catalog import picture_files

    endings = (*picture_files.SUFFIXES, _VEGA)
    if output:
        picture_files.check_path(output, _OUTPUT, endings)
    cards = registry.cards()
    chosen, others = choose(trade_offs(registry.measured_of(root=records), cards), benchmark, family, model, device)
    path = output or Path("build") / f"{chosen.condition.benchmark}-{against}.png"
    picture_files.check_path(path, _OUTPUT, endings)
    picture_files.write(_content(chosen, against.value, path), path, _OUTPUT)
    if others:
        words = f"left out: {others} scores of other models, devices or precisions; choose with --model and --device"
        console(stderr=True).print(words)
    print(f"picture of {len(chosen.points)} scores: {path}")


def _content(trade_off: "TradeOff", axis: "Axis", path: Path) -> bytes:
    from prunarium.bench.pictures import trade_off_chart, trade_off_vega
    from prunarium.catalog.picture_files import rendered

    if path.name.lower().endswith(_VEGA):
        return trade_off_vega.text(trade_off, axis).encode()
    return rendered(trade_off_chart.chart(trade_off, axis), path.suffix.lower())
