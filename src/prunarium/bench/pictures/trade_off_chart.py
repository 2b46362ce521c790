"""Quality against cost as a picture: a curve for each method, equal budgets joined, intervals, the untouched model."""

from collections.abc import Mapping
from typing import Any

from prunarium.bench.conditions import Condition
from prunarium.bench.pictures.curve_key import add_key, needs_key
from prunarium.bench.pictures.curve_names import write_names
from prunarium.bench.pictures.outlines import outline
from prunarium.bench.pictures.series_styles import FAINT, INK, SMALL, TEXT, Style, styles
from prunarium.bench.pictures.trade_off import Against, Axis, Curve, Point, TradeOff, title

POINT = "point"
"""Every score is drawn as a group with this and its place among the points as id, so that it can be found again."""
_ROOM = 9  # around the points of one budget, in typographic points
_MEGA, _GIGA = 1e6, 1e9


def chart(trade_off: TradeOff, axis: Axis) -> Any:
    """A figure with a title: one panel against MACs, or one for each batch size that was timed.

    Raises:
        PrunariumError: nothing was timed.
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    against = trade_off.axes(axis)
    beside = 2.2 if needs_key(trade_off) else 0
    size = 1.2 + 6.3 * len(against) + beside, 5.4 + beside / 2
    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(h_pad=0.1, w_pad=0.12))
    for axes, one in zip(figure.subplots(1, len(against), squeeze=False, sharey=True)[0], against, strict=True):
        draw_panel(axes, trade_off, one)
    known = trade_off.condition
    figure.suptitle(title(trade_off, axis), x=0.012, ha="left", fontsize=12, color=INK)
    figure.supxlabel(footnote(known), x=0.012, ha="left", fontsize=SMALL, color=FAINT, parse_math=False)
    if needs_key(trade_off):
        add_key(figure, trade_off, "outside right center")
    _finish(figure, trade_off, against)
    return figure


def panel(trade_off: TradeOff, against: Against) -> Any:
    """A figure of one panel, small, without a title or a background, to stand beside others in a page.

    Where there are too many curves to name them in it, the page needs the ``key`` too.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.9, 3.3), layout="constrained", facecolor="none")
    axes = figure.subplots()
    axes.set_facecolor("none")
    draw_panel(axes, trade_off, against)
    _finish(figure, trade_off, [against])
    return figure


def key(trade_off: TradeOff) -> Any:
    """A figure of the width of a panel that tells which curve is which."""
    from matplotlib.figure import Figure

    rows = (len(trade_off.curves) + 1) // 2
    figure = Figure(figsize=(3.9, 0.2 + 0.16 * rows), layout="constrained", facecolor="none")
    add_key(figure, trade_off, "center", columns=2)
    return figure


def footnote(known: Condition) -> str:
    """What was measured where, and what the bars and lines are."""
    return (
        f"{known.model}, {known.samples} samples, {known.device}, {known.threads} threads, {known.precision}, against "
        "fused attention. Bars: 95 % intervals, of the\npaired difference in quality and of the median speed ratio. "
        "Shaded: equal budgets (mean tokens per block, of the untouched model's)."
    )


def draw_panel(axes: Any, trade_off: TradeOff, against: Against) -> None:
    """All of a panel but the texts in it and what they name, which need to know its size."""
    style = styles(trade_off.curves)
    _limits(axes, trade_off, against)
    _untouched(axes, trade_off, against)
    index = {id(point): place for place, point in enumerate(trade_off.points)}
    width = 1.2 if needs_key(trade_off) else 1.7
    for curve in sorted(trade_off.curves, key=lambda one: not one.muted):
        _curve(axes, curve, against, style[curve.method], index, 1.1 if curve.muted else width)
    _clean(axes, trade_off, against)


def _untouched(axes: Any, trade_off: TradeOff, against: Against) -> None:
    axes.axhline(100 * trade_off.quality, color=FAINT, linewidth=1, dashes=(5, 3), zorder=1, gid="untouched")
    if against.batch_size is not None:
        axes.axvline(1, color=FAINT, linewidth=1, dashes=(5, 3), zorder=1)
    x = trade_off.macs if against.batch_size is None else 1
    axes.plot([x], [100 * trade_off.quality], "o", markersize=7, fillstyle="none", color=FAINT, zorder=2)


def _curve(axes: Any, curve: Curve, against: Against, style: Style, index: Mapping[int, int], width: float) -> None:
    steps = curve.steps(against)
    axes.plot(
        [s.x for s in steps],
        [100 * s.quality for s in steps],
        color=style.colour,
        linestyle=style.line,
        linewidth=width,
        zorder=3,
    )
    for point in curve.points:
        x = against.value(point)
        if x is None:
            continue
        _intervals(axes, point, x, against, style.colour)
        axes.plot(
            [x],
            [100 * point.quality],
            style.marker,
            markersize=5 if curve.muted else 6,
            color=style.colour,
            fillstyle="none" if style.hollow else "full",
            zorder=4,
            gid=f"{POINT}-{index[id(point)]}",
        )


def _intervals(axes: Any, point: Point, x: float, against: Against, colour: str) -> None:
    low, high = point.quality_interval
    axes.plot([x, x], [100 * low, 100 * high], color=colour, linewidth=1, alpha=0.55, zorder=2.5)
    across = against.interval(point)
    if across:
        axes.plot(across, [100 * point.quality] * 2, color=colour, linewidth=1, alpha=0.55, zorder=2.5)


def _limits(axes: Any, trade_off: TradeOff, against: Against) -> None:
    """MACs begin at 0, so that a length is a share; speed ratios show the untouched model's 1."""
    qualities = [100 * end for point in trade_off.points for end in point.quality_interval]
    qualities.append(100 * trade_off.quality)
    room = max(max(qualities) - min(qualities), 1)
    axes.set_ylim(min(qualities) - 0.1 * room, max(qualities) + 0.14 * room)
    if against.batch_size is None:
        axes.set_xlim(0, 1.05 * max([trade_off.macs, *(point.score.cost.macs for point in trade_off.points)]))
        return
    ends = [1.0] + [end for point in trade_off.points for end in against.interval(point) or ()]
    room = max(max(ends) - min(ends), 0.1)
    axes.set_xlim(min(ends) - 0.06 * room, max(ends) + 0.06 * room)


def _clean(axes: Any, trade_off: TradeOff, against: Against) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    low, high = axes.get_ylim()
    axes.set_yticks([tick for tick in MaxNLocator(6).tick_values(low, high) if low <= tick <= min(high, 100)])
    if against.batch_size is None:
        size, unit = (_GIGA, "billion") if trade_off.macs >= _GIGA else (_MEGA, "million")
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 4, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda macs, _: f"{macs / size:g}" if macs >= 0 else ""))
        axes.set_xlabel(f"{unit} multiply-accumulates per sample", fontsize=TEXT, color=INK)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:g}×"))
        axes.set_xlabel(f"speed ratio at batch size {against.batch_size}", fontsize=TEXT, color=INK)
    if axes.get_subplotspec().is_first_col():
        axes.set_ylabel(f"{trade_off.condition.metric}, %", fontsize=TEXT, color=INK)
    axes.tick_params(length=0, labelsize=SMALL, labelcolor=FAINT)
    axes.grid(color=FAINT, alpha=0.16, linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)


def _finish(figure: Any, trade_off: TradeOff, against: list[Against]) -> None:
    """What needs the final size of the panels: names beside the ends of curves, shades around equal budgets."""
    figure.draw_without_rendering()
    for axes, one in zip(figure.axes, against, strict=True):
        write_names(axes, trade_off, one)
    for axes, one in zip(figure.axes, against, strict=True):  # now no axis changes any more
        _equal_budgets(axes, trade_off, one)


def _equal_budgets(axes: Any, trade_off: TradeOff, against: Against) -> None:
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    dots = 2 * _ROOM * axes.figure.dpi / 72
    width, height = dots * (right - left) / axes.bbox.width, dots * (high - low) / axes.bbox.height
    for budget, steps in trade_off.equal_budgets(against).items():
        corners = outline([(step.x, 100 * step.quality) for step in steps], width, height)
        axes.fill(*zip(*corners, strict=True), color=FAINT, alpha=0.13, linewidth=0, zorder=0.9, gid=f"budget-{budget}")
