"""Of every method the best setting at each budget, among those that can be ranked together. Does without torch."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from prunarium.bench.comparison import Ranking, Row, compare
from prunarium.bench.conditions import Condition
from prunarium.records import MeasuredScore


@dataclass(frozen=True)
class BestSettings:
    """What was ranked under one condition; ``baseline`` is the untouched model's quality.

    Attributes:
        rows: of each method the best row at each budget.
        settings: how many rows were ranked, at all budgets.
    """

    condition: Condition
    baseline: float
    settings: int
    rows: dict[str, dict[float, Row]] = field(hash=False)

    @property
    def budgets(self) -> tuple[float, ...]:
        """At which something is ranked, the largest first."""
        return tuple(sorted({budget for at in self.rows.values() for budget in at}, reverse=True))


def best_settings(scores: Iterable[MeasuredScore]) -> list[BestSettings]:
    """One for each condition under which something is ranked: by benchmark, the one with the most settings first."""
    ranked: defaultdict[Condition, list[Ranking]] = defaultdict(list)
    for ranking in compare(scores).rankings:
        ranked[ranking.condition].append(ranking)
    found = [_best(condition, rankings) for condition, rankings in sorted(ranked.items())]
    return sorted(found, key=lambda one: (one.condition.benchmark, -one.settings))


def _best(condition: Condition, rankings: list[Ranking]) -> BestSettings:
    rows: defaultdict[str, dict[float, Row]] = defaultdict(dict)
    for ranking in rankings:
        for row in ranking.rows:
            rows[row.method].setdefault(ranking.budget, row)  # the best setting is the first
    count = sum(len(one.rows) for one in rankings)
    return BestSettings(condition, rankings[0].baseline, count, dict(sorted(rows.items())))
