"""Quality against cost as Vega-Lite (version 5): the same points, curves, intervals and equal budgets, with their data.

The background is transparent and the colours are readable on white and on black, so that it fits any page.
"""

import json
from typing import Any

from prunarium.bench.pictures.outlines import outline
from prunarium.bench.pictures.series_styles import COLOURS, Style, styles
from prunarium.bench.pictures.trade_off import Against, Axis, Curve, TradeOff, title
from prunarium.bench.pictures.trade_off_rows import rows

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
ON_ANY = ("#2f7fd0", "#d9408f", "#2c8f6d", "#a3812a", "#c0562f", "#8466cf")
GREY = "#808080"


def text(trade_off: TradeOff, axis: Axis) -> str:
    """The specification as JSON.

    Raises:
        PrunariumError: nothing was timed.
    """
    return json.dumps(specification(trade_off, axis), ensure_ascii=False, separators=(",", ":")) + "\n"


def specification(trade_off: TradeOff, axis: Axis) -> dict[str, Any]:
    """The specification: one panel against MACs, or one for each batch size that was timed.

    Raises:
        PrunariumError: nothing was timed.
    """
    known, panels = trade_off.condition, trade_off.axes(axis)
    return {
        "$schema": SCHEMA,
        "title": title(trade_off, axis),
        "description": f"{known}. Lines: the untouched model. Bars: 95 % intervals. Shaded: equal budgets.",
        "background": "transparent",
        "config": {
            "view": {"stroke": None},
            "title": {"color": GREY, "anchor": "start"},
            "axis": {
                "labelColor": GREY,
                "titleColor": GREY,
                "gridColor": GREY,
                "gridOpacity": 0.12,
                "ticks": False,
                "labelFontSize": 11,
                "titleFontSize": 12,
            },
            "legend": {"labelColor": GREY, "titleColor": GREY, "symbolSize": 80, "symbolOpacity": 1},
        },
        "hconcat": [_panel(trade_off, against) for against in panels],
    }


def _panel(trade_off: TradeOff, against: Against) -> dict[str, Any]:
    style = styles(trade_off.curves)
    own = rows(trade_off, against)
    what = "macs" if against.batch_size is None else "speed_ratio"
    x = {"field": what, "type": "quantitative", "title": _title(against), "scale": {"zero": what == "macs"}}
    y = {
        "field": "quality",
        "type": "quantitative",
        "title": trade_off.condition.metric,
        "axis": {"format": "%"},
        "scale": {"zero": False, "domainMax": 1},
    }
    if what == "macs":
        x["axis"] = {"format": "~s"}
    series = _series(trade_off.curves, style)
    layers = [
        *_budgets(trade_off, against, x, y),
        *_untouched(trade_off, against, x, y),
        _lines(trade_off, against, x, y, series),
        _bars(y | {"field": "quality_low"}, {"x": x, "y2": {"field": "quality_high"}}, "y", series["color"]),
    ]
    if what == "speed_ratio":
        layers.append(
            _bars(x | {"field": "speed_ratio_low"}, {"y": y, "x2": {"field": "speed_ratio_high"}}, "x", series["color"])
        )
    layers.append(
        {
            "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
            "encoding": {
                "x": x,
                "y": y,
                **{channel: series[channel] for channel in ("color", "stroke", "shape")},
                **_hollow(style),
                "tooltip": [{"field": name} for name in own[0]] if own else [],
            },
        }
    )
    return {"width": 420, "height": 320, "data": {"values": own}, "layer": layers}


def _title(against: Against) -> str:
    if against.batch_size is None:
        return "multiply-accumulates per sample"
    return f"speed ratio at batch size {against.batch_size}, untouched model = 1"


def _series(curves: tuple[Curve, ...], style: dict[str, Style]) -> dict[str, Any]:
    """Colour, outline and dashes by the method, with one legend for all."""
    colours = dict(zip(COLOURS, ON_ANY, strict=True))
    methods = {curve.method: style[curve.method] for curve in curves}
    domain = list(methods)

    def scale(values: list[Any]) -> dict[str, Any]:
        return {"field": "method", "type": "nominal", "title": "method", "scale": {"domain": domain, "range": values}}

    shown = [colours.get(one.colour, GREY) for one in methods.values()]
    return {
        "color": scale(shown),
        "stroke": scale(shown),
        "shape": scale([one.shape for one in methods.values()]),
        "strokeDash": scale([[2 * length for length in one.dashes] for one in methods.values()]),
    }


def _hollow(style: dict[str, Style]) -> dict[str, Any]:
    """Where there are more methods than outlines, the later ones are not filled."""
    hollow = [method for method, one in style.items() if one.hollow]
    condition = {"test": {"field": "method", "oneOf": hollow}, "value": 0}
    return {"fillOpacity": {"condition": condition, "value": 1}} if hollow else {}


def _bars(ends: dict[str, Any], others: dict[str, Any], channel: str, colour: dict[str, Any]) -> dict[str, Any]:
    return {"mark": {"type": "rule", "opacity": 0.5}, "encoding": {channel: ends, **others, "color": colour}}


def _lines(
    trade_off: TradeOff, against: Against, x: dict[str, Any], y: dict[str, Any], series: dict[str, Any]
) -> dict[str, Any]:
    """A line for each curve through the means over the seeds, from the largest budget to the smallest."""
    steps = [
        {"method": curve.method, "curve": curve.label, "place": place, x["field"]: step.x, "quality": step.quality}
        for curve in trade_off.curves
        for place, step in enumerate(curve.steps(against))
    ]
    detail, order = {"field": "curve", "type": "nominal"}, {"field": "place", "type": "quantitative"}
    return {
        "data": {"values": steps},
        "mark": {"type": "line", "strokeWidth": 1.6},
        "encoding": {
            "x": x,
            "y": y,
            "color": series["color"],
            "strokeDash": series["strokeDash"],
            "detail": detail,
            "order": order,
        },
    }


def _untouched(trade_off: TradeOff, against: Against, x: dict[str, Any], y: dict[str, Any]) -> list[dict[str, Any]]:
    mark = {"type": "rule", "strokeDash": [5, 3], "color": GREY}
    values = {"quality": trade_off.quality, x["field"]: trade_off.macs if against.batch_size is None else 1}
    data = {"values": [values]}
    across = {"data": data, "mark": mark, "encoding": {"y": y}}
    return [across] if against.batch_size is None else [across, {"data": data, "mark": mark, "encoding": {"x": x}}]


def _budgets(trade_off: TradeOff, against: Against, x: dict[str, Any], y: dict[str, Any]) -> list[dict[str, Any]]:
    """A shade around the points of each equal budget, with its name at the lowest of them."""
    found = trade_off.equal_budgets(against)
    steps = [step for curve in trade_off.curves for step in curve.steps(against)]
    ends = [step.x for step in steps] + ([0, trade_off.macs] if against.batch_size is None else [1, 1.1])
    width = 0.05 * (max(ends) - min(ends))
    height = 0.06 * max(trade_off.quality - min(step.quality for step in steps), 0.01)
    corners = [
        {"budget": budget, "place": place, x["field"]: at[0], "quality": at[1]}
        for budget, group in found.items()
        for place, at in enumerate(outline([(step.x, step.quality) for step in group], width, height))
    ]
    lowest = {budget: min(group, key=lambda step: step.quality) for budget, group in found.items()}
    names = [
        {"words": f"budget {budget:g}", x["field"]: step.x, "quality": step.quality} for budget, step in lowest.items()
    ]
    detail, order = {"field": "budget", "type": "nominal"}, {"field": "place", "type": "quantitative"}
    return [
        {
            "data": {"values": corners},
            "mark": {"type": "line", "fill": GREY, "fillOpacity": 0.15, "strokeOpacity": 0, "clip": True},
            "encoding": {"x": x, "y": y, "detail": detail, "order": order},
        },
        {
            "data": {"values": names},
            "mark": {"type": "text", "align": "left", "baseline": "top", "dx": 8, "dy": 4, "color": GREY},
            "encoding": {"x": x, "y": y, "text": {"field": "words", "type": "nominal"}},
        },
    ]
