"""A key of curves, for pictures with too many of them to be named where they end."""

from typing import Any

from prunarium.bench.pictures.curve_labels import short
from prunarium.bench.pictures.series_styles import INK, SMALL, Style, styles
from prunarium.bench.pictures.trade_off import MACS, Curve, TradeOff

MOST_NAMED = 12
"""So many names find a place beside the ends of their curves; with more, there is a key."""


def needs_key(trade_off: TradeOff) -> bool:
    """Whether there are more curves than can be named in a panel."""
    return len(trade_off.curves) > MOST_NAMED


def add_key(figure: Any, trade_off: TradeOff, place: str, columns: int = 1) -> None:
    """Write the key into a figure, the curves in the order of their cheap ends, the best first.

    Args:
        figure: of matplotlib, with a constrained layout.
        trade_off: whose curves.
        place: as the ``loc`` of matplotlib's legends.
        columns: of the key.
    """
    style = styles(trade_off.curves)
    handles = [_handle(curve, style[curve.method]) for curve in sorted(trade_off.curves, key=_order)]
    figure.legend(
        handles=handles,
        loc=place,
        ncols=columns,
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
        handlelength=3.2,
        labelspacing=0.35,
        columnspacing=1.5,
    )


def _order(curve: Curve) -> float:
    return -curve.steps(MACS)[-1].quality


def _handle(curve: Curve, style: Style) -> Any:
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        color=style.colour,
        linestyle=style.line,
        linewidth=1.2,
        marker=style.marker,
        markersize=5,
        fillstyle="none" if style.hollow else "full",
        label=short(curve.label),
    )
