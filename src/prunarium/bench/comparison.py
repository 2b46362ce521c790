"""Ranks measured scores at equal budgets, and says why it leaves out the others. Does without torch."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

from prunarium.bench.conditions import Condition, budget_near, budgets_of, condition_of
from prunarium.bench.draws import by_setting, mean_of_draws
from prunarium.errors import PrunariumError
from prunarium.records import MeasuredScore


@dataclass(frozen=True)
class SpeedRatio:
    """Untouched time over method time at a batch size, with its 95 % interval, and the share of the method's own work.

    Of several seeds: their mean, with the interval of ``mean_of_draws``, and the mean share.
    """

    batch_size: int
    ratio: float
    low: float
    high: float
    own_share: float


@dataclass(frozen=True)
class Row:
    """One setting of a method. Quality is the mean over the seeds, between that of the worst and of the best seed.

    ``seeds`` counts independent draws: a method that draws no lots has one, however often it was measured.
    ``difference`` is quality less the untouched model's, with its paired 95 % interval; of several seeds, their mean
    with the interval of ``mean_of_draws``. ``cache_ratio`` is the untouched model's bytes over the method's in the
    key-value cache of a prompt, empty where they were not measured. ``level_with_best`` says that the interval of the
    difference overlaps that of the first row: the two are not told apart. ``perplexity_ratio`` is the method's
    perplexity over the untouched model's, with its paired 95 % interval, all empty where no text was foretold.
    """

    rank: int
    method: str
    setting: str
    seeds: int
    quality: float
    quality_low: float
    quality_high: float
    difference: float
    difference_low: float
    difference_high: float
    mac_ratio: float
    cache_ratio: float | None
    speed: tuple[SpeedRatio, ...]
    level_with_best: bool
    perplexity_ratio: float | None = None
    perplexity_low: float | None = None
    perplexity_high: float | None = None


@dataclass(frozen=True)
class Ranking:
    """The settings at one budget that can be compared, the best first; ``baseline`` is the untouched model."""

    budget: float
    condition: Condition
    baseline: float
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class LeftOut:
    """Scores of a method that are in no ranking, and why."""

    method: str
    budgets: tuple[float, ...]
    scores: int
    reason: str

    def __str__(self) -> str:
        budgets = f" at budget {', '.join(f'{budget:g}' for budget in self.budgets)}" if self.budgets else ""
        count = f" ({self.scores} scores)" if self.scores > 1 else ""
        return f"{self.method}{budgets}: {self.reason}{count}"


@dataclass(frozen=True)
class Comparison:
    """All rankings, and what is in none."""

    rankings: tuple[Ranking, ...]
    left_out: tuple[LeftOut, ...]


def compare(
    scores: Iterable[MeasuredScore],
    budgets: Sequence[float] | None = None,
    outdated: Iterable[MeasuredScore] = (),
) -> Comparison:
    """Rank the scores at each budget, as far as their conditions are equal. A ranking has two rows at least.

    Args:
        scores: of the methods as they are.
        budgets: mean tokens per block, of the untouched model's; without them, those of ``budgets_of`` each family.
        outdated: of earlier versions of methods; they are left out, and named.

    Raises:
        PrunariumError: a budget is none.
    """
    for budget in budgets or ():
        if not 0 < budget <= 1:
            raise PrunariumError(f"a budget is above 0 and at most 1, not {budget:g}")
    unranked: defaultdict[str, list[MeasuredScore]] = defaultdict(list)
    at: defaultdict[float, defaultdict[Condition, list[MeasuredScore]]] = defaultdict(lambda: defaultdict(list))
    for score in outdated:
        unranked[f"is of version {score.method_version} of the method, which has changed: measure it again"].append(
            score
        )
    for score in scores:
        known, condition = budgets or budgets_of(score.family), condition_of(score)
        near = budget_near(score.cost.budget, known)
        if condition is None:
            unranked[f"quality was not measured ({score.model})"].append(score)
        elif near is None:
            unranked[f"not within 1 % of {' or '.join(f'{one:g}' for one in known)}"].append(score)
        else:
            at[near][condition].append(score)
    rankings = []
    for budget, groups in sorted(at.items(), key=lambda found: _place(found[0], budgets)):
        found = {condition: _rows(group) for condition, group in sorted(groups.items())}
        ranked = {condition: rows for condition, rows in found.items() if len(rows) > 1}
        rankings += [Ranking(budget, one, _baseline(groups[one]), rows) for one, rows in ranked.items()]
        for condition in found.keys() - ranked.keys():
            unranked[_why_alone(condition, ranked or found)] += groups[condition]
    return Comparison(tuple(rankings), tuple(_left_out(unranked)))


def _place(budget: float, asked: Sequence[float] | None) -> float:
    """Rankings stand in the order that was asked for; else the largest budget is the first."""
    return asked.index(budget) if asked else -budget


def _why_alone(condition: Condition, others: Iterable[Condition]) -> str:
    """What keeps a condition from the one that is most like it."""
    others = [other for other in others if other.benchmark == condition.benchmark and other != condition]
    if not others:
        return f"nothing else on {condition.benchmark} to rank it with"
    return min((condition.against(other) for other in others), key=lambda words: (words.count(","), words))


def _baseline(scores: Iterable[MeasuredScore]) -> float:
    """The untouched model's; all scores of a condition have the same, and a mean would round it."""
    return median(score.quality.baseline for score in scores if score.quality)


def _rows(scores: Iterable[MeasuredScore]) -> tuple[Row, ...]:
    """One row for each method and setting. The best first: by quality, then by the multiply-accumulates left."""
    rows = [_row(method, setting, draws) for (method, setting), draws in by_setting(scores).items()]
    rows.sort(key=lambda row: (-row.quality, -row.mac_ratio, row.method, row.setting))
    best = rows[0]
    return tuple(
        replace(row, rank=rank, level_with_best=row.difference_high >= best.difference_low)
        for rank, row in enumerate(rows, start=1)
    )


def _row(method: str, setting: str, draws: list[MeasuredScore]) -> Row:
    found = [score.quality for score in draws if score.quality]
    values = [quality.method for quality in found]
    difference, low, high = mean_of_draws(
        [(one.method - one.baseline, one.difference_low, one.difference_high) for one in found]
    )
    surprise, surprise_low, surprise_high = _perplexity(draws)
    return Row(
        rank=0,
        method=method,
        setting=setting,
        seeds=len(draws),
        quality=fmean(values),
        quality_low=min(values),
        quality_high=max(values),
        difference=difference,
        difference_low=low,
        difference_high=high,
        mac_ratio=fmean(score.cost.macs_baseline / score.cost.macs for score in draws),
        cache_ratio=_cache_ratio(draws),
        speed=tuple(_speeds(draws)),
        level_with_best=False,
        perplexity_ratio=surprise,
        perplexity_low=surprise_low,
        perplexity_high=surprise_high,
    )


def _perplexity(draws: list[MeasuredScore]) -> tuple[float, float, float] | tuple[None, None, None]:
    """The ratio with its interval."""
    found = [score.perplexity for score in draws]
    ratios = [
        (
            min(max(one.method / one.baseline, one.ratio_low), one.ratio_high),
            one.ratio_low,
            one.ratio_high,
        )  # rounded apart
        for one in found
        if one
    ]
    return mean_of_draws(ratios) if len(ratios) == len(found) else (None, None, None)


def _cache_ratio(draws: list[MeasuredScore]) -> float | None:
    caches = [score.cost.cache for score in draws]
    ratios = [cache.bytes_baseline / cache.bytes for cache in caches if cache]
    return fmean(ratios) if len(ratios) == len(caches) else None


def _speeds(draws: list[MeasuredScore]) -> Iterator[SpeedRatio]:
    """At every batch size that was timed with every seed."""
    by_size = [{speed.batch_size: speed for speed in score.speed} for score in draws]
    for size in sorted(set.intersection(*map(set, by_size))):
        speeds = [sizes[size] for sizes in by_size]
        ratios = [(speed.ratio.median, speed.ratio.ci_low, speed.ratio.ci_high) for speed in speeds]
        yield SpeedRatio(size, *mean_of_draws(ratios), own_share=fmean(speed.own_share for speed in speeds))


def _left_out(unranked: dict[str, list[MeasuredScore]]) -> Iterator[LeftOut]:
    grouped: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for reason, scores in unranked.items():
        for score in scores:
            grouped[score.method, reason].append(round(score.cost.budget, 3))
    for (method, reason), budgets in sorted(grouped.items()):
        yield LeftOut(method, tuple(sorted(set(budgets), reverse=True)), len(budgets), reason)
