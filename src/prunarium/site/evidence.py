"""What the records say on speed and on comparability, in numbers: for the home page and the guide."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prunarium.bench.comparison import compare
from prunarium.bench.conditions import budget_near
from prunarium.records import Interval, MeasuredScore
from prunarium.site.content import Content, Method


@dataclass(frozen=True)
class Timed:
    """A setting that was timed, at one batch size; ``ratio`` above 1 is faster than the untouched model."""

    method: Method
    score: MeasuredScore
    batch_size: int
    ratio: Interval

    @property
    def mac_ratio(self) -> float:
        """How many times fewer multiply-accumulates there are."""
        return self.score.cost.macs_baseline / self.score.cost.macs


@dataclass(frozen=True)
class Pace:
    """What was timed on one model and device at one batch size; faster and slower go by the 95 % interval."""

    model: str
    device: str
    batch_size: int
    timed: tuple[Timed, ...]

    @property
    def faster(self) -> int:
        return sum(one.ratio.ci_low > 1 for one in self.timed)

    @property
    def slower(self) -> int:
        return sum(one.ratio.ci_high < 1 for one in self.timed)

    @property
    def level(self) -> int:
        return len(self.timed) - self.faster - self.slower


@dataclass(frozen=True)
class Comparability:
    """How many scores with a quality could be ranked, in how many rankings; the others are named with a reason."""

    ranked: int
    rankings: int
    left_out: int


@dataclass(frozen=True)
class SameRate:
    """Methods with one keep rate on one model, and the budgets that it is: the lowest and the highest."""

    keep_rate: float
    model: str
    low: tuple[Method, float]
    high: tuple[Method, float]


def small(content: Content, budget: float = 0.5) -> list[Pace]:
    """What was timed on the models of the embedded benchmarks at a budget. Yardsticks are left out, here and below."""
    return _paces(
        one for one in _timed(content) if one.score.benchmark and budget_near(one.score.cost.budget) == budget
    )


def of_real_size(content: Content) -> list[Pace]:
    """What was timed on other models, at any budget; the largest model first."""
    paces = _paces(one for one in _timed(content) if one.score.benchmark is None)
    return sorted(paces, key=lambda pace: -pace.timed[0].score.cost.macs_baseline)


def _timed(content: Content) -> Iterator[Timed]:
    for method in _methods(content):
        for score in method.runs:
            for speed in score.speed:
                yield Timed(method, score, speed.batch_size, speed.ratio)


def _methods(content: Content) -> list[Method]:
    return [method for method in content.methods if not method.card.baseline]


def _paces(timed: Iterable[Timed]) -> list[Pace]:
    groups: dict[tuple[str, str, int], list[Timed]] = {}
    for one in timed:
        groups.setdefault((one.score.model, one.score.environment.device, one.batch_size), []).append(one)
    return [Pace(*place, tuple(found)) for place, found in sorted(groups.items())]


def comparability(content: Content) -> Comparability:
    """Of all scores whose quality was measured."""
    scores = [score for score in content.scores if score.quality]
    compared = compare(scores)
    left_out = sum(one.scores for one in compared.left_out)
    return Comparability(len(scores) - left_out, len(compared.rankings), left_out)


def same_rate(content: Content) -> SameRate | None:
    """The keep rate with the widest span of budgets on one model; ``None`` where no two methods share one."""
    groups: dict[tuple[float, str], list[tuple[Method, float]]] = {}
    for method in _methods(content):
        for score in method.measured:
            rate = score.parameters.get("keep_rate")
            if isinstance(rate, float) and score.parameters.get("blocks") is None:
                groups.setdefault((rate, score.model), []).append((method, score.cost.budget))
    found = [_span(rate, model, budgets) for (rate, model), budgets in sorted(groups.items())]
    several = [one for one in found if one.low[0].id != one.high[0].id]
    return max(several, key=lambda one: one.high[1] - one.low[1], default=None)


def _span(rate: float, model: str, budgets: list[tuple[Method, float]]) -> SameRate:
    ordered = sorted(budgets, key=lambda pair: pair[1])
    return SameRate(rate, model, ordered[0], ordered[-1])
