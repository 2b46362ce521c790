"""The ranking: only what is equal is ranked, everything else is left out with a reason, and nothing is lost."""

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prunarium import PrunariumError
from prunarium.bench.comparison import Comparison, compare
from prunarium.bench.conditions import LEARNED, TRAINED, condition_of
from prunarium.records import MeasuredScore
from tests.scores.conftest import altered, only

CONDITIONS: dict[str, tuple[str, Any]] = {
    "benchmark revision": ("benchmark_revision", 2),
    "data": ("data_checksum", "f" * 64),
    "model": ("model", "another"),
    "weights": ("weights", "sha256:" + "e" * 64),
    "precision": ("environment__precision", "bfloat16"),
    "device": ("environment__device", "Another Processor"),
    "threads": ("environment__threads", 7),
    "trained": ("trained", True),
    "samples": ("quality__samples", 7),
    "metric": ("quality__metric", "top-1"),
}


@pytest.fixture(scope="module")
def pair(measured: Path) -> tuple[MeasuredScore, MeasuredScore]:
    """Two scores that can be compared."""
    one, other = only(measured / "topk-cls")[1], only(measured / "random")[1]
    return altered(one, cost__budget=0.5), altered(other, cost__budget=0.5)


def left_out(found: Comparison) -> list[str]:
    return [str(one) for one in found.left_out]


def shift(score: MeasuredScore, quality: float, low: float, high: float, **more: Any) -> MeasuredScore:
    return altered(score, quality__method=quality, quality__difference_low=low, quality__difference_high=high, **more)


def test_the_better_one_is_first(pair: Sequence[MeasuredScore]) -> None:
    one, other = shift(pair[0], 0.9, -0.1, -0.05), shift(pair[1], 0.8, -0.2, -0.15)
    for scores in ([one, other], [other, one]):
        (ranking,) = compare(scores, [0.5]).rankings
        assert [(row.rank, row.method) for row in ranking.rows] == [(1, "topk-cls"), (2, "random")]
        assert [row.level_with_best for row in ranking.rows] == [True, False]
        assert ranking.condition == condition_of(one)


@pytest.mark.parametrize("high, level", [(-0.11, False), (-0.1, True), (-0.02, True)])
def test_intervals_that_overlap_are_not_told_apart(pair: Sequence[MeasuredScore], high: float, level: bool) -> None:
    one, other = shift(pair[0], 0.9, -0.1, -0.05), shift(pair[1], 0.8, -0.2, high)
    assert compare([one, other], [0.5]).rankings[0].rows[1].level_with_best is level


@pytest.mark.parametrize("field, value", CONDITIONS.values(), ids=CONDITIONS)
def test_one_thing_that_differs_keeps_scores_apart(pair: Sequence[MeasuredScore], field: str, value: Any) -> None:
    odd = altered(pair[1], setting="Odd()", parameters={"odd": True}, **{field: value})
    assert compare([pair[0], odd], [0.5]).rankings == ()
    found = compare([*pair, odd], [0.5])
    assert [row.method for row in found.rankings[0].rows] == ["topk-cls", "random"]
    (reason,) = left_out(found)
    name = "training" if field == "trained" else field.rpartition("__")[2].removeprefix("benchmark_").split("_")[0]
    assert reason.startswith(f"random at budget 0.5: {name} ") and " instead of " in reason


def test_models_trained_with_their_methods_are_compared_with_each_other(pair: Sequence[MeasuredScore]) -> None:
    trained = [altered(score, trained=True, weights=f"sha256:{score.method}") for score in pair]
    assert len(compare(trained, [0.5]).rankings[0].rows) == 2


@pytest.mark.parametrize("budget, inside", [(0.49, True), (0.51, True), (0.489, False), (0.5101, False)])
def test_budgets_are_equal_within_one_percent(pair: Sequence[MeasuredScore], budget: float, inside: bool) -> None:
    found = compare([pair[0], altered(pair[1], cost__budget=budget)], [0.5])
    assert bool(found.rankings) is inside
    if not inside:
        assert f"random at budget {budget:.3g}: not within 1 % of 0.5" in left_out(found)


def test_reasons_are_counted(pair: Sequence[MeasuredScore]) -> None:
    far = [
        altered(pair[1], cost__budget=budget, parameters={"seed": seed})
        for seed, budget in enumerate((0.62, 0.62, 0.9))
    ]
    cost_only = altered(pair[0], quality=None, benchmark=None)
    assert left_out(compare([*pair, *far, cost_only], [0.5, 0.25])) == [
        "random at budget 0.9, 0.62: not within 1 % of 0.5 or 0.25 (3 scores)",
        "topk-cls at budget 0.5: quality was not measured (cluttered-digits)",
    ]


def test_another_benchmark_has_its_own_ranking_or_none(pair: Sequence[MeasuredScore]) -> None:
    elsewhere = [altered(score, benchmark="elsewhere") for score in pair]
    found = compare([*pair, *elsewhere], [0.5])
    assert [ranking.condition.benchmark for ranking in found.rankings] == ["cluttered-digits", "elsewhere"]
    assert left_out(compare([*pair, elsewhere[0]], [0.5])) == [
        "topk-cls at budget 0.5: nothing else on elsewhere to rank it with"
    ]


def test_outdated_scores_are_named_and_not_ranked(pair: Sequence[MeasuredScore]) -> None:
    found = compare(pair, [0.5], outdated=[altered(pair[1], method_version=3)])
    assert [row.seeds for row in found.rankings[0].rows] == [1, 1]
    assert left_out(found) == [
        "random at budget 0.5: is of version 3 of the method, which has changed: measure it again"
    ]


def test_seeds_are_one_row(pair: Sequence[MeasuredScore]) -> None:
    qualities = (0.6, 0.8, 0.7)
    seeds = [
        shift(
            pair[1],
            quality,
            quality - 0.95,
            quality - 0.85,
            seed=seed,
            parameters={**pair[1].parameters, "seed": seed},
            quality__baseline=0.9,
        )
        for seed, quality in enumerate(qualities)
    ]
    (ranking,) = compare([shift(pair[0], 0.9, 0, 0, quality__baseline=0.9), *seeds], [0.5]).rankings
    row = ranking.rows[1]
    assert (row.seeds, row.quality, row.quality_low, row.quality_high) == (3, pytest.approx(0.7), 0.6, 0.8)
    assert row.difference == pytest.approx(-0.2)
    half = math.hypot(0.05, 4.303 * 0.1 / math.sqrt(3))
    assert (row.difference_low, row.difference_high) == pytest.approx((-0.2 - half, -0.2 + half))
    assert "seed" not in row.setting and ranking.baseline == pytest.approx(0.9)


def test_a_method_that_draws_no_lots_has_one_draw_however_often_it_was_measured(
    pair: Sequence[MeasuredScore],
) -> None:
    again = [altered(pair[0], seed=seed, measured_on="2999-01-01", quality__method=0.123) for seed in (1, 2)]
    (row,) = (row for row in compare([*pair, *again], [0.5]).rankings[0].rows if row.method == "topk-cls")
    assert (row.seeds, row.quality) == (1, 0.123)


@pytest.mark.parametrize("budget", [0, -0.5, 1.01])
def test_a_budget_that_is_none(pair: Sequence[MeasuredScore], budget: float) -> None:
    with pytest.raises(PrunariumError, match="a budget is above 0 and at most 1, not "):
        compare(pair, [budget])


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drawn=st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from([0.2, 0.49, 0.5, 0.6]), st.integers(1, 3), st.integers(0, 9)),
        max_size=12,
    )
)
def test_every_score_is_ranked_or_left_out(
    pair: Sequence[MeasuredScore], drawn: list[tuple[str, float, int, int]]
) -> None:
    scores = [
        altered(
            pair[0],
            method=method,
            cost__budget=budget,
            environment__threads=threads,
            parameters={**pair[0].parameters, "seed": seed},
        )
        for seed, (method, budget, threads, _) in enumerate(drawn)
    ]
    found = compare(scores, [0.5])
    ranked = Counter[str]()
    for ranking in found.rankings:
        assert len({row.method for row in ranking.rows}) >= 2
        assert [row.rank for row in ranking.rows] == list(range(1, len(ranking.rows) + 1))
        ranked.update({row.method: row.seeds for row in ranking.rows})
    out = Counter[str]()
    for one in found.left_out:
        out[one.method] += one.scores
    assert ranked + out == Counter(score.method for score in scores)
    conditions = [ranking.condition for ranking in found.rankings]
    assert len(set(conditions)) == len(conditions)


def test_learned_parts_are_not_ranked_with_models_that_were_trained(pair: Sequence[MeasuredScore]) -> None:
    parts = [altered(score, learned=f"sha256:{score.method}") for score in pair]
    trained = [altered(score, trained=True, learned="sha256:other", weights=f"sha256:{score.method}") for score in pair]
    rankings = compare([*parts, *trained], [0.5]).rankings
    assert [(one.condition.training, len(one.rows)) for one in rankings] == [(LEARNED, 2), (TRAINED, 2)]
    assert all(row.seeds == 1 for one in rankings for row in one.rows)
