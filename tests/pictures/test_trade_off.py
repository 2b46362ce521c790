"""Which scores stand in one picture, and how they become curves."""

from typing import Any

import pytest

from prunarium import PrunariumError
from prunarium.bench.pictures.trade_off import MACS, Against, TradeOff, choose, trade_offs
from prunarium.records import MeasuredScore

from .conftest import BUDGETS, card, many, score


def only(*scores: MeasuredScore) -> TradeOff:
    (one,) = trade_offs(scores, {})
    return one


def test_every_score_with_quality_has_one_place() -> None:
    scores = [score("tome", budget) for budget in BUDGETS] + [score("evit", 0.5), score("evit", 0.7, quality=None)]
    assert {point.score.key for point in only(*scores).points} == {one.key for one in scores if one.quality}


def test_a_step_is_the_mean_over_its_seeds() -> None:
    scores = [
        score("random", 0.5, quality, {8: ratio}, {"keep": 0.5, "seed": seed})
        for seed, (quality, ratio) in enumerate(((0.6, 1.0), (0.7, 1.4), (0.8, 1.8)))
    ]
    (curve,) = only(*scores, score("random", 0.25, 0.3, {8: 2})).curves
    first, second = curve.steps(Against(8))
    assert (first.quality, first.x) == (pytest.approx(0.7), pytest.approx(1.4))
    assert (first.x_low, first.x_high) == (pytest.approx(0.96), pytest.approx(1.02 * 1.8))
    assert (second.quality, second.x, second.budget) == (0.3, 2, 0.25)
    assert len(curve.points) == 4


@pytest.mark.parametrize(
    "other",
    [{"model": "large"}, {"device": "H200"}, {"weights": "others"}, {"data_checksum": "e" * 64}, {"trained": True}],
)
def test_other_conditions_are_other_pictures(other: dict[str, Any]) -> None:
    made = trade_offs([score("tome", 0.5), score("tome", 0.25), score("evit", 0.5, **other)], {})
    assert [len(one.points) for one in made] == [2, 1], "the one with the most scores first"


def test_old_revisions_of_a_benchmark_are_left_out() -> None:
    old, new = score(benchmark_revision=1), score(benchmark_revision=2, budget=0.25)
    assert [point.score for point in only(old, new).points] == [new]


def test_several_records_of_one_draw_are_one_point_with_all_their_batch_sizes() -> None:
    scores = [score("tome", seed=seed, ratios={size: 2.0}) for seed, size in enumerate((1, 1, 64))]
    made = only(*scores)
    assert len(made.points) == 1 and made.batch_sizes == [1, 64]


@pytest.mark.parametrize("several", [False, True])
def test_what_is_varied_besides_the_knob_makes_curves(several: bool) -> None:
    """A knob may be one parameter, or several that a budget turns together."""
    scores = [
        score(
            "evit",
            budget,
            parameters={"fuse": fuse, "keep_rate": budget, "blocks": [int(4 * budget) if several else 1]},
            command=f"prunarium run evit --param fuse={str(fuse).lower()} {'--budget' if several else '--seed'} 0",
        )
        for budget in BUDGETS
        for fuse in (True, False)
    ]
    (one,) = trade_offs(scores, {"evit": card("evit", "EViT")})
    assert [(curve.label, len(curve.points)) for curve in one.curves] == [
        ("EViT, fuse=False", 3),
        ("EViT, fuse=True", 3),
    ]


def test_two_methods_of_one_name_are_told_apart() -> None:
    (one,) = trade_offs([score("a"), score("b")], {"a": card("a", "Same"), "b": card("b", "Same")})
    assert [curve.label for curve in one.curves] == ["Same (a)", "Same (b)"]


def test_equal_budgets_hold_the_steps_within_one_percent() -> None:
    one = only(score("a", 0.493), score("b", 0.509), score("c", 0.53), score("a", 0.25))
    assert {budget: len(steps) for budget, steps in one.equal_budgets(MACS).items()} == {0.5: 2}


def test_a_score_without_a_batch_size_is_not_in_that_panel() -> None:
    one = only(score("a", ratios={1: 0.5}), score("b", ratios={64: 2.0}))
    assert one.batch_sizes == [1, 64]
    assert [[len(curve.steps(Against(size))) for curve in one.curves] for size in (1, 64)] == [[1, 0], [0, 1]]


def test_intervals_are_those_of_the_record() -> None:
    (point,) = only(score(quality=0.9, ratios={8: 2.0})).points
    assert point.quality_interval == (pytest.approx(0.888), pytest.approx(0.908))
    assert Against(8).interval(point) == (pytest.approx(1.92), pytest.approx(2.04))
    assert MACS.interval(point) is None


def test_choosing_says_what_there_is() -> None:
    made = trade_offs([score(), score(device="H200"), score(budget=0.25)], {})
    chosen, others = choose(made)
    assert (chosen.condition.device, others) == ("A Processor", 1)
    assert choose(made, device="H200")[0].condition.device == "H200"
    for wanted, words in (
        ({"benchmark": "cluttered"}, r"benchmark 'cluttered' \(did you mean 'cluttered-digits'\?\); there is some of"),
        ({"family": "vlm"}, "no measured quality of family 'vlm'.* there is some of vit"),
        ({"model": "x"}, "no measured quality of model 'x'"),
    ):
        with pytest.raises(PrunariumError, match=words):
            choose(made, **wanted)
    with pytest.raises(PrunariumError, match="no quality has been measured yet"):
        choose(trade_offs([score(quality=None)], {}))


def test_nothing_timed_is_a_clear_error() -> None:
    with pytest.raises(PrunariumError, match="was timed; plot it against MACs"):
        only(score(ratios={})).axes("speed")


def test_twelve_methods_are_twelve_curves_and_a_yardstick() -> None:
    made = many(12)
    assert len(made.curves) == 13
    assert [curve.muted for curve in made.curves] == [False] * 12 + [True]
    assert {budget: len(steps) for budget, steps in made.equal_budgets(MACS).items()} == dict.fromkeys(BUDGETS, 13)
