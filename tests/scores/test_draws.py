"""What counts as an independent draw, and what several of them say together."""

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from prunarium.bench.draws import STUDENTS_T, by_setting, mean_of_draws
from prunarium.records import MeasuredScore
from tests.scores.conftest import altered, only

VALUE = st.floats(min_value=-1, max_value=1)
WIDTH = st.floats(min_value=0, max_value=1)
DRAWS = st.lists(st.tuples(VALUE, WIDTH, WIDTH).map(lambda one: (one[0], one[0] - one[1], one[0] + one[2])), min_size=1)


def draws(*scores: MeasuredScore) -> Sequence[MeasuredScore]:
    (found,) = by_setting(scores).values()
    return found


def test_a_method_without_a_seed_is_one_draw_whatever_torch_was_given(measured: Path) -> None:
    _, score = only(measured / "topk-cls")
    assert len(draws(*(altered(score, seed=seed) for seed in range(5)))) == 1


def test_draws_are_known_by_the_seed_of_the_method_and_not_by_that_of_torch(measured: Path) -> None:
    _, score = only(measured / "random")
    scores = [
        altered(score, seed=seed, parameters={**score.parameters, "seed": drawn}) for seed in (0, 1) for drawn in (0, 1)
    ]
    assert sorted(one.parameters["seed"] for one in draws(*scores)) == [0, 1]


def test_models_trained_apart_are_draws(measured: Path) -> None:
    _, score = only(measured / "topk-cls")
    assert len(draws(*(altered(score, trained=True, weights=f"sha256:{number}") for number in range(2)))) == 2


def test_of_one_draw_the_last_record_counts_with_the_batch_sizes_of_all(measured: Path) -> None:
    _, score = only(measured / "topk-cls")
    one, four = score.speed
    first = altered(score, measured_on="2026-01-01", speed=[one.model_dump() | {"own_share": 0.9}, four.model_dump()])
    second = altered(score, measured_on="2026-01-02", quality__method=0.123, speed=[one.model_dump()])
    for scores in ([first, second], [second, first]):
        (found,) = draws(*scores)
        assert (found.key, found.quality) == (second.key, second.quality)
        assert found.speed == [one, four]


def test_on_one_day_the_order_of_the_files_does_not_matter(measured: Path) -> None:
    _, score = only(measured / "topk-cls")
    scores = [altered(score, seed=seed, quality__method=seed / 10) for seed in range(4)]
    assert draws(*scores) == draws(*reversed(scores))


def test_students_t() -> None:
    for place, value in enumerate(STUDENTS_T, start=1):
        assert value == pytest.approx(stats.t.ppf(0.975, place), abs=5e-4)


@given(VALUE, WIDTH, WIDTH)
def test_a_single_draw_keeps_its_interval(value: float, below: float, above: float) -> None:
    assert mean_of_draws([(value, value - below, value + above)]) == (value, value - below, value + above)


@given(DRAWS)
def test_the_interval_is_around_the_mean_and_no_narrower_than_that_of_a_draw(
    found: list[tuple[float, float, float]],
) -> None:
    middle, low, high = mean_of_draws(found)
    assert low <= middle <= high
    assert high - middle >= sum(high - value for value, _, high in found) / len(found) - 1e-9
    assert middle - low >= sum(value - low for value, low, _ in found) / len(found) - 1e-9


def test_draws_that_agree_add_nothing_and_those_that_do_not_add_students_t() -> None:
    assert mean_of_draws([(0.5, 0.4, 0.7)] * 5) == pytest.approx((0.5, 0.4, 0.7))
    values = [0.2, 0.5, 0.3, 0.6]
    expected = stats.t.interval(0.95, len(values) - 1, loc=0.4, scale=stats.sem(values))
    assert mean_of_draws([(value, value, value) for value in values])[1:] == pytest.approx(expected, abs=1e-3)
    _, low, _ = mean_of_draws([(value, value - 0.3, value) for value in values])
    assert 0.4 - low == pytest.approx(math.hypot(0.3, 0.4 - expected[0]), abs=1e-3)
