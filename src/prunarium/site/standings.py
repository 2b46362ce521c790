"""The scores on a benchmark that may stand side by side: their plot, their rankings, and what is in none."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from prunarium.bench.comparison import LeftOut, Ranking, Row, compare
from prunarium.bench.conditions import Condition, budget_near
from prunarium.bench.pictures.trade_off import Point, TradeOff
from prunarium.site import trade_offs
from prunarium.site.content import Content
from prunarium.site.trade_offs import Shown

ALWAYS = ("training", "device", "precision", "family")
"""What a plot can be chosen by on every page; the other conditions only where they differ."""
_WHERE_THEY_DIFFER = ("model", "threads", "samples", "metric", "data", "weights", "revision")
OTHER_BUDGETS = "other budgets"


@dataclass(frozen=True)
class Standing:
    """The scores of one condition: nothing else may be in a table or a plot with them."""

    shown: Shown
    rankings: tuple[Ranking, ...]

    @property
    def trade_off(self) -> TradeOff:
        return self.shown.trade_off

    @property
    def condition(self) -> Condition:
        return self.trade_off.condition

    @property
    def training(self) -> str:
        return self.condition.training.capitalize()

    @property
    def budgets(self) -> list[tuple[str, list[Point]]]:
        """Every point, under the budget that it is compared at; those at none of them last."""
        points = sorted(self.trade_off.points, key=lambda point: (-_group(point), -point.budget, -point.quality))
        groups = groupby(points, _group)
        return [(f"budget {budget:g}" if budget else OTHER_BUDGETS, list(group)) for budget, group in groups]

    @property
    def panels(self) -> str:
        """The files of the plot's panels and their places there, by their names, for the script."""
        panels = {panel.name: [f"../{panel.file}", panel.place] for panel in self.shown.panels}
        return json.dumps(panels, ensure_ascii=False)

    def value(self, field: str) -> str:
        """What a plot is chosen by."""
        return self.training if field == "training" else str(getattr(self.condition, field))


@dataclass(frozen=True)
class Standings:
    """All of a benchmark, those with the most scores first, and the scores that are in no ranking."""

    benchmark: str
    standings: tuple[Standing, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def fields(self) -> list[str]:
        """What the plots can be chosen by. Training explains that the weights differ."""
        return [*ALWAYS, *(name for name in _WHERE_THEY_DIFFER if self._differs(name))]

    def values(self, field: str) -> list[str]:
        """The values that occur, in the order of the standings."""
        return list(dict.fromkeys(one.value(field) for one in self.standings))

    def chosen(self, standing: Standing) -> str:
        """What has to be chosen for a standing to be in the plot, for the script."""
        return json.dumps({field: standing.value(field) for field in self.fields}, ensure_ascii=False)

    def _differs(self, field: str) -> bool:
        """Whether a field differs between standings that are trained alike."""
        pairs = {(one.training, one.value(field)) for one in self.standings}
        return len(pairs) > len({training for training, _ in pairs})

    def apart(self, standing: Standing) -> str:
        """``device H200 instead of Xeon``: what keeps a standing from the first one; empty for that one."""
        first = self.standings[0]
        words = [
            f"{field}: {_short(standing.value(field))} instead of {_short(first.value(field))}"
            for field in self.fields
            if standing.value(field) != first.value(field)
        ]
        return ", ".join(words)


@dataclass(frozen=True)
class Discrimination:
    """How far a budget tells methods apart: the yardstick that draws lots beside the best method."""

    budget: float
    untouched: float
    random: Row | None
    best: Row | None
    settings: int


def standings(content: Content) -> dict[str, Standings]:
    """All that was measured, by benchmark."""
    shown = trade_offs.shown(content)
    found = {}
    for name in sorted(shown):
        scores = [score for method in content.methods for score in method.measured if score.benchmark == name]
        compared = compare(scores)
        rankings = {
            one.trade_off.condition: tuple(
                ranking for ranking in compared.rankings if ranking.condition == one.trade_off.condition
            )
            for one in shown[name]
        }
        each = tuple(Standing(one, rankings[one.trade_off.condition]) for one in shown[name])
        found[name] = Standings(name, each, compared.left_out)
    return found


def discrimination(standing: Standing, baselines: Iterable[str]) -> list[Discrimination]:
    """One for each budget, the largest first.

    Args:
        standing: whose rankings.
        baselines: ids of the yardsticks, of which none is the best method.
    """
    yardsticks = set(baselines)
    return [
        Discrimination(
            ranking.budget,
            ranking.baseline,
            next((row for row in ranking.rows if row.method == "random"), None),
            next((row for row in ranking.rows if row.method not in yardsticks), None),
            len(ranking.rows),
        )
        for ranking in standing.rankings
    ]


def _group(point: Point) -> float:
    return budget_near(point.budget) or 0


def _short(words: str) -> str:
    return words if len(words) <= 40 else f"{words[:24]}…"
