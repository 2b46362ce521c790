"""What can stand in one picture of quality against cost: measured scores of one benchmark under one condition."""

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import fmean, median
from typing import Any, Literal

from prunarium.bench.conditions import Condition, budget_near, condition_of
from prunarium.bench.draws import by_setting, setting_without_seed
from prunarium.errors import PrunariumError, did_you_mean
from prunarium.records import Card, Interval, MeasuredScore, Quality

Axis = Literal["macs", "speed"]
_SEED = "seed"


@dataclass(frozen=True)
class Against:
    """What quality is set against: multiply-accumulates, or the speed ratio at a batch size."""

    batch_size: int | None = None

    def value(self, point: "Point") -> float | None:
        """Where a point stands; ``None`` where this batch size was not timed."""
        if self.batch_size is None:
            return point.score.cost.macs
        ratio = point.ratio(self.batch_size)
        return ratio.median if ratio else None

    def interval(self, point: "Point") -> tuple[float, float] | None:
        """The 95 % interval of a speed ratio. MACs are counted, so they have none."""
        ratio = point.ratio(self.batch_size) if self.batch_size is not None else None
        return (ratio.ci_low, ratio.ci_high) if ratio else None


MACS = Against()


@dataclass(frozen=True)
class Point:
    """One measured score. Quality and its interval are shares; the interval is that of the paired difference."""

    score: MeasuredScore

    @property
    def measured(self) -> Quality:
        assert self.score.quality is not None
        return self.score.quality

    @property
    def quality(self) -> float:
        return self.measured.method

    @property
    def quality_interval(self) -> tuple[float, float]:
        """The untouched model's quality plus the paired 95 % interval of the difference."""
        known = self.measured
        return known.baseline + known.difference_low, known.baseline + known.difference_high

    @property
    def budget(self) -> float:
        return self.score.cost.budget

    def ratio(self, batch_size: int) -> Interval | None:
        """The speed ratio at a batch size, where it was timed."""
        return next((speed.ratio for speed in self.score.speed if speed.batch_size == batch_size), None)


@dataclass(frozen=True)
class Step:
    """A setting of a curve: the mean over its seeds, and how far they and their intervals reach in x."""

    budget: float
    x: float
    quality: float
    x_low: float
    x_high: float


@dataclass(frozen=True)
class Curve:
    """A method whose knob was turned; its other parameters stay.

    Attributes:
        label: the method's name, and what else differs where it has several curves.
        muted: a yardstick, shown in grey.
    """

    method: str
    label: str
    muted: bool
    points: tuple[Point, ...]

    def steps(self, against: Against) -> list[Step]:
        """Its settings from the largest budget to the smallest; a setting of several seeds is one step."""
        settings: dict[str, list[Point]] = {}
        for point in self.points:
            if against.value(point) is not None:
                settings.setdefault(setting_without_seed(point.score), []).append(point)
        return sorted((_step(points, against) for points in settings.values()), key=lambda one: (-one.budget, one.x))


@dataclass(frozen=True)
class TradeOff:
    """The curves of one condition."""

    condition: Condition
    curves: tuple[Curve, ...]

    @property
    def points(self) -> list[Point]:
        return [point for curve in self.curves for point in curve.points]

    @cached_property
    def quality(self) -> float:
        """Of the untouched model."""
        return median(point.measured.baseline for point in self.points)

    @cached_property
    def macs(self) -> float:
        """Of the untouched model, for one sample."""
        return median(point.score.cost.macs_baseline for point in self.points)

    @property
    def batch_sizes(self) -> list[int]:
        """Every batch size that was timed."""
        return sorted({speed.batch_size for point in self.points for speed in point.score.speed})

    def axes(self, axis: Axis) -> list[Against]:
        """What the panels of a picture set quality against.

        Raises:
            PrunariumError: nothing was timed.
        """
        if axis == "macs":
            return [MACS]
        if not self.batch_sizes:
            raise PrunariumError(f"nothing on {self.condition.benchmark} was timed; plot it against MACs")
        return [Against(size) for size in self.batch_sizes]

    def equal_budgets(self, against: Against) -> dict[float, list[Step]]:
        """The steps at each of the budgets that methods are compared at; at least two of them."""
        found: dict[float, list[Step]] = {}
        for curve in self.curves:
            for step in curve.steps(against):
                budget = budget_near(step.budget)
                if budget is not None:
                    found.setdefault(budget, []).append(step)
        return {budget: steps for budget, steps in sorted(found.items(), reverse=True) if len(steps) > 1}


def title(trade_off: TradeOff, axis: Axis) -> str:
    """What a picture is called."""
    cost = "multiply-accumulates" if axis == "macs" else "measured speed"
    return f"Quality against {cost} on {trade_off.condition.benchmark}"


def trade_offs(scores: Iterable[MeasuredScore], cards: Mapping[str, Card]) -> list[TradeOff]:
    """Every condition under which quality was measured, those with the most scores first.

    Several records of one draw are one point, and of a benchmark only the newest revision counts.
    """
    groups: dict[Condition, list[MeasuredScore]] = {}
    for score in scores:
        if condition := condition_of(score):
            groups.setdefault(condition, []).append(score)
    newest = {one.benchmark: max(o.revision for o in groups if o.benchmark == one.benchmark) for one in groups}
    made = [
        TradeOff(condition, _curves([score for draws in by_setting(group).values() for score in draws], cards))
        for condition, group in groups.items()
        if condition.revision == newest[condition.benchmark]
    ]
    return sorted(made, key=lambda one: (-len(one.points), one.condition))


def choose(
    found: list[TradeOff],
    benchmark: str | None = None,
    family: str | None = None,
    model: str | None = None,
    device: str | None = None,
) -> tuple[TradeOff, int]:
    """The condition with the most scores among those that fit, and how many fitting scores are of other conditions.

    Raises:
        PrunariumError: none fits.
    """
    fitting = found
    for name, wanted in (("benchmark", benchmark), ("family", family), ("model", model), ("device", device)):
        there = sorted({getattr(one.condition, name) for one in fitting})
        fitting = [one for one in fitting if wanted in (None, getattr(one.condition, name))]
        if not fitting:
            raise PrunariumError(_nothing(name, wanted, there))
    return fitting[0], sum(len(one.points) for one in fitting[1:])


def _nothing(name: str, wanted: str | None, there: list[str]) -> str:
    if not there:
        return "no quality has been measured yet; 'prunarium bench METHOD' measures and keeps scores"
    return (
        f"no measured quality of {name} '{wanted}'{did_you_mean(wanted or '', there)}; there is some of "
        f"{', '.join(there)}, and 'prunarium bench' measures more"
    )


def _step(points: list[Point], against: Against) -> Step:
    values = [x for point in points if (x := against.value(point)) is not None]
    reached = values + [end for point in points for end in against.interval(point) or ()]
    return Step(
        budget=fmean(point.budget for point in points),
        x=fmean(values),
        quality=fmean(point.quality for point in points),
        x_low=min(reached),
        x_high=max(reached),
    )


def _curves(scores: list[MeasuredScore], cards: Mapping[str, Card]) -> tuple[Curve, ...]:
    """One curve for each method, or several where more than its knob was varied."""
    shown = {name: cards[name].name if name in cards else name for name in sorted({s.method for s in scores})}
    twice = {name for name, count in Counter(shown.values()).items() if count > 1}
    curves = []
    for method, name in shown.items():
        name = f"{name} ({method})" if name in twice else name
        muted = method in cards and cards[method].baseline
        own = sorted((s for s in scores if s.method == method), key=lambda s: (-s.cost.budget, s.setting, s.seed))
        variants: dict[str, list[Point]] = {}
        turned = _turned_by_a_budget(own)
        besides = [parameter for parameter in _varied_besides_the_knob(own) if parameter not in turned]
        for score in own:
            differs = ", ".join(f"{key}={score.parameters.get(key)}" for key in besides)
            variants.setdefault(differs, []).append(Point(score))
        for differs, points in sorted(variants.items()):
            curves.append(Curve(method, f"{name}, {differs}" if differs else name, muted, tuple(points)))
    return tuple(curves)


def _varied_besides_the_knob(scores: list[MeasuredScore]) -> list[str]:
    """The parameters that differ between scores of one method, less the seed and the one with the most values."""
    values: dict[str, set[str]] = {}
    for score in scores:
        for name, value in score.parameters.items():
            values.setdefault(name, set()).add(repr(value))
    varied = [name for name, found in values.items() if len(found) > 1 and name != _SEED]
    numbers = [name for name in varied if any(_is_amount(score.parameters.get(name)) for score in scores)]
    knob = max(numbers, key=lambda name: len(values[name]), default=None)
    return [name for name in varied if name != knob]


def _turned_by_a_budget(scores: list[MeasuredScore]) -> set[str]:
    """The parameters that differ because the method was turned to budgets: some knobs have more than one."""
    values: dict[str, set[str]] = {}
    for score in scores:
        words = shlex.split(score.command)
        if "--budget" in words or "--macs" in words:
            given = {word.partition("=")[0] for before, word in pairwise(words) if before == "--param"}
            for name in score.parameters.keys() - given:
                values.setdefault(name, set()).add(repr(score.parameters[name]))
    return {name for name, found in values.items() if len(found) > 1}


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float | list | tuple) and not isinstance(value, bool)
