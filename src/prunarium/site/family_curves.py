"""A method's trade-off among its family: a small drawing in a page, in the page's own colours."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prunarium.bench import wording
from prunarium.bench.conditions import OFF_THE_SHELF
from prunarium.bench.pictures.trade_off import MACS, Curve, Step, TradeOff

WIDTH, HEIGHT = 340, 210
LEFT, RIGHT, TOP, BOTTOM = 36, 18, 8, 34
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2)
_MOST_TICKS = 7


@dataclass(frozen=True)
class Spot:
    """A point of the method's own curve, and what is said of it."""

    x: int
    y: int
    title: str


@dataclass(frozen=True)
class Line:
    """A curve: the points of a polyline, and whose it is (``own``, ``other`` or ``yardstick``)."""

    kind: str
    label: str
    points: str
    spots: tuple[Spot, ...]


@dataclass(frozen=True)
class Tick:
    """A mark of an axis: where, and what is written there."""

    at: int
    label: str


@dataclass(frozen=True)
class FamilyCurves:
    """One drawing: a method's curve over those of all others under one condition."""

    title: str
    benchmark: str
    trained: bool
    lines: tuple[Line, ...]
    untouched: int
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    words: str


def family_curves(method: str, trade_offs: Iterable[TradeOff]) -> list[FamilyCurves]:
    """The drawings of a method: for each benchmark and training one, that with the most scores."""
    found: dict[tuple[str, str], FamilyCurves] = {}
    for trade_off in trade_offs:
        own = [curve for curve in trade_off.curves if curve.method == method]
        key = trade_off.condition.benchmark, trade_off.condition.training
        if own and key not in found:
            found[key] = _drawn(method, own, trade_off)
    return [found[key] for key in sorted(found)]


def _drawn(method: str, own: list[Curve], trade_off: TradeOff) -> FamilyCurves:
    steps = {id(curve): curve.steps(MACS) for curve in trade_off.curves}
    every = [step for one in steps.values() for step in one]
    across = _Scale([step.x / trade_off.macs for step in every] + [1.0], LEFT, WIDTH - RIGHT)
    up = _Scale([step.quality for step in every] + [trade_off.quality], HEIGHT - BOTTOM, TOP)
    lines = [_line(curve, method, steps[id(curve)], trade_off, across, up) for curve in trade_off.curves]
    training = trade_off.condition.training
    return FamilyCurves(
        title=f"{trade_off.condition.benchmark}, {training}",
        benchmark=trade_off.condition.benchmark,
        trained=training != OFF_THE_SHELF,
        lines=tuple(sorted(lines, key=lambda line: ("yardstick", "other", "own").index(line.kind))),
        untouched=round(up(trade_off.quality)),
        x_ticks=tuple(across.ticks()),
        y_ticks=tuple(up.ticks()),
        words="; ".join(_said(step, trade_off) for curve in own for step in steps[id(curve)]),
    )


def _line(curve: Curve, method: str, steps: list[Step], trade_off: TradeOff, across: "_Scale", up: "_Scale") -> Line:
    kind = "own" if curve.method == method else "yardstick" if curve.muted else "other"
    places = [(round(across(step.x / trade_off.macs)), round(up(step.quality))) for step in steps]
    spots = [Spot(x, y, _said(step, trade_off)) for (x, y), step in zip(places, steps, strict=True)]
    points = " ".join(f"{x},{y}" for x, y in places)
    return Line(kind, curve.label, points, tuple(spots) if kind == "own" else ())


def _said(step: Step, trade_off: TradeOff) -> str:
    cost = wording.percent(step.x / trade_off.macs, 0)
    return f"budget {step.budget:.2f}: {wording.percent(step.quality)} at {cost} of the multiply-accumulates"


class _Scale:
    """Values onto an axis, from the tick below the least to the one above the greatest."""

    def __init__(self, values: list[float], start: float, end: float) -> None:
        low, high = min(values), max(values)
        self.step = next((one for one in _STEPS if (high - low) / one < _MOST_TICKS), _STEPS[-1])
        self.first = math.floor(low / self.step + 1e-9)
        self.last = max(math.ceil(high / self.step - 1e-9), self.first + 1)
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        share = (value / self.step - self.first) / (self.last - self.first)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> Iterator[Tick]:
        for number in range(self.first, self.last + 1):
            yield Tick(round(self(number * self.step)), wording.percent(number * self.step, 0))
