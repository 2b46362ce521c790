"""What papers claim, held against what was measured: the rules, and the committed rows."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from prunarium import registry
from prunarium.records import MeasuredScore, ReportedScore
from prunarium.registry.claims import (
    Claim,
    apart,
    claims_of,
    compute_status,
    equal_as_printed,
    hold,
    same_device,
    speed_status,
    totals,
)

POSITIVE = st.floats(min_value=1e-3, max_value=1e6)
ORDER = ("reproduced", "within noise", "not reproduced")
WITH_CLAIMS = sorted(name for name in registry.cards() if registry.reported_scores(name))


def row(**changes: Any) -> ReportedScore:
    """A row that prints a compute of a model that is measured here."""
    values: dict[str, Any] = {
        "reported_by": "a paper",
        "own_claim": True,
        "source": "https://example.org/paper",
        "where": "Table 1",
        "read_on": "2026-11-22",
        "model": "ViT-Q",
        "dataset": "ImageNet-1k",
        "setting": {"r": 3},
        "compute_baseline": 10.0,
        "compute": 5.0,
        "compute_unit": "GFLOPs",
        "counterpart": {"model": "vit_q", "parameters": {"r": 3, "other": True}},
    }
    return ReportedScore.model_validate(
        {name: value for name, value in (values | changes).items() if value is not None}
    )


def score(
    macs: float = 5e9, model: str = "vit_q", parameters: dict[str, Any] | None = None, **changes: Any
) -> MeasuredScore:
    """A score as it is measured, of which only the cost matters here unless ``changes`` say otherwise."""
    values = {
        "key": "0" * 16,
        "method": "some",
        "method_version": 1,
        "setting": "Some(r=3)",
        "parameters": parameters or {"r": 3, "other": True},
        "family": "vit",
        "model": model,
        "weights": "sha256:0",
        "seed": 0,
        "trained": False,
        "cost": {
            "macs_baseline": 10_000_000_000,
            "macs": int(macs),
            "macs_own": 0,
            "tokens_baseline": [10],
            "tokens": [5.0],
            "budget": 0.5,
        },
        "speed": [],
        "environment": {
            "device": "Tesla V100",
            "device_kind": "cuda",
            "threads": 1,
            "precision": "float32",
            "python": "3.12.1",
            "platform": "Linux",
            "versions": {},
            "dirty": False,
        },
        "command": "prunarium run some",
        "measured_on": "2026-11-22",
    }
    return MeasuredScore.model_validate(values | changes)


def statuses(reported: ReportedScore, *measured: MeasuredScore) -> dict[str, str]:
    return {claim.what: claim.status for claim in hold([reported], measured)}


@given(POSITIVE, POSITIVE)
def test_it_does_not_matter_which_of_two_numbers_is_claimed(one: float, other: float) -> None:
    assert apart(one, other) == apart(other, one)
    assume(not equal_as_printed(one, other) and not equal_as_printed(other, one))
    assert compute_status(one, other) == compute_status(other, one)


@given(POSITIVE, st.floats(min_value=1, max_value=3), st.floats(min_value=1, max_value=3))
def test_a_number_further_off_never_has_a_better_status(claimed: float, near: float, far: float) -> None:
    near, far = sorted((near, far))
    assume(not equal_as_printed(claimed, claimed * far))
    assert ORDER.index(compute_status(claimed, claimed * near)[0]) <= ORDER.index(
        compute_status(claimed, claimed * far)[0]
    )


@pytest.mark.parametrize(
    ("measured", "status"),
    [
        (100.0, "reproduced"),
        (102.0, "reproduced"),
        (98.0, "reproduced"),
        (103.0, "within noise"),
        (96.0, "within noise"),
        (106.0, "not reproduced"),
        (94.0, "not reproduced"),
    ],
)
def test_tolerances_of_a_compute(measured: float, status: str) -> None:
    assert compute_status(100.0, measured) == (status, "")


def test_what_rounds_to_the_printed_digits_is_reproduced() -> None:
    assert apart(0.6, 0.645) > 0.05
    assert compute_status(0.6, 0.645)[0] == "reproduced"
    assert compute_status(0.6, 0.655)[0] == "not reproduced"


def test_an_open_setting_can_be_confirmed_and_not_refuted() -> None:
    assert compute_status(100.0, 101.0, "r is 3")[0] == "reproduced"
    status, reason = compute_status(100.0, 120.0, "r is 3")
    assert status == "not comparable" and "r is 3" in reason


def test_compute_and_share_of_one_row() -> None:
    assert statuses(row(), score()) == dict.fromkeys(
        ("compute, untouched", "compute", "share of compute left"), "reproduced"
    )
    assert statuses(row(flops_per_mac=2, compute_baseline=20.0, compute=10.0), score())["compute"] == "reproduced"
    assert statuses(row(compute_unit="TFLOPs"), score())["compute"] == "not reproduced"


def test_where_the_source_counts_otherwise_only_the_share_is_compared() -> None:
    counterpart = {"model": "vit_q", "parameters": {"r": 3, "other": True}, "share_only": "it counts half"}
    held = hold([row(compute_baseline=5.0, compute=2.5, counterpart=counterpart)], [score()])
    assert [(claim.status, claim.measured, claim.reason) for claim in held[:2]] == [
        ("not comparable", None, "it counts half")
    ] * 2
    assert (held[2].what, held[2].status) == ("share of compute left", "reproduced")


@pytest.mark.parametrize(
    "other",
    [
        score(parameters={"r": 4, "other": True}),
        score(parameters={"r": 3, "other": False}),
        score(model="vit_q_384"),
        score(model="vit"),
    ],
    ids=["another parameter", "another default", "longer name", "shorter name"],
)
def test_another_setting_or_model_is_no_counterpart(other: MeasuredScore) -> None:
    assert set(statuses(row(), other).values()) == {"not comparable"}
    assert statuses(row(), other, score())["compute"] == "reproduced"


def test_the_name_of_weights_does_not_make_another_architecture() -> None:
    assert statuses(row(), score(model="vit_q.some_in1k"))["compute"] == "reproduced"


SPEED = {
    "batch_size": 64,
    **{
        name: {"median": 2.0, "low": 1.9, "high": 2.1, "ci_low": 1.95, "ci_high": 2.05, "repeats": 9}
        for name in ("baseline_ms", "method_ms", "ratio", "own_ms")
    },
    "own_share": 0.1,
}


def speed_up(reported: ReportedScore, *measured: MeasuredScore) -> Claim:
    (claim,) = (one for one in hold([reported], measured) if one.what == "speed-up")
    return claim


def timed(median: float = 2.0, batch_size: int = 64, **environment: Any) -> MeasuredScore:
    made = score(speed=[SPEED | {"batch_size": batch_size, "ratio": SPEED["ratio"] | {"median": median}}])
    return made.model_copy(update={"environment": made.environment.model_copy(update=environment)})


@pytest.mark.parametrize(
    ("device", "claimed", "status"),
    [
        ("V100", 2.05, "reproduced"),
        ("V100", 1.85, "within noise"),
        ("V100", 1.5, "not reproduced"),
        ("A100", 2.05, "not comparable"),
        (None, 2.05, "not comparable"),
    ],
)
def test_a_speed_up_is_comparable_on_the_same_device(device: str | None, claimed: float, status: str) -> None:
    exactly = {"timing": {"unit": "images/s", "result": 9.0, "batch": 64}, "precision": "float32"}
    claim = speed_up(row(speed_up=claimed, device=device, **exactly), timed())
    assert (claim.status, claim.measured) == (status, 2.0)
    assert bool(claim.reason) == (status == "not comparable")


@pytest.mark.parametrize(
    ("claimed", "here", "same"),
    [
        ("V100", "Tesla V100-SXM2-16GB", True),
        ("A100 80G", "NVIDIA A100 80GB PCIe", True),
        ("A10", "NVIDIA A100 80GB PCIe", False),
        ("A100 40G", "NVIDIA A100 80GB PCIe", False),
    ],
)
def test_a_device_is_known_by_whole_words(claimed: str, here: str, same: bool) -> None:
    assert same_device(claimed, here) is same


def test_a_speed_up_belongs_to_its_batch_size_and_precision() -> None:
    at_8 = {"timing": {"unit": "images/s", "result": 9.0, "batch": 8}, "precision": "float16"}
    reported = row(speed_up=2.0, device="V100", **at_8)
    for other in (timed(batch_size=64, precision="float16"), timed(batch_size=8)):
        claim = speed_up(reported, other)
        assert claim.status == "not comparable"
        assert claim.reason.startswith("claimed on V100, batch 8, float16, here on Tesla V100, batch ")
    wrong, right = timed(9.0, 64, precision="float16"), timed(2.0, 8, precision="float16")
    assert (speed_up(reported, wrong, right).status, speed_up(reported, wrong, right).measured) == ("reproduced", 2.0)


def test_a_speed_up_of_an_unnamed_batch_size_and_precision_can_be_confirmed_and_not_refuted() -> None:
    half = timed(9.0, 512, precision="float16")
    claim = speed_up(row(speed_up=2.0, device="V100"), timed(9.0, 1), timed(2.0, 64), half)
    assert (claim.status, claim.measured) == ("reproduced", 2.0)
    assert claim.reason == "the source names no batch size and precision; here on Tesla V100, batch 64, float32"
    assert speed_up(row(speed_up=5.0, device="V100"), timed()).status == "not comparable"


@given(POSITIVE)
def test_a_speed_up_equal_to_the_median_is_reproduced(median: float) -> None:
    assert speed_status(median, median, median, median) == "reproduced"


def quality(method: float, metric: str = "top-1") -> dict[str, Any]:
    return {
        "metric": metric,
        "samples": 50_000,
        "baseline": 0.8,
        "method": method,
        "difference_low": -0.1,
        "difference_high": 0.1,
        "answers": "0" * 64,
    }


@pytest.mark.parametrize(
    ("changes", "measured", "status"),
    [
        ({}, 0.7905, "reproduced"),
        ({}, 0.7930, "within noise"),
        ({}, 0.7990, "not reproduced"),
        ({"baseline": {"top1": 81.4}}, 0.79, "not comparable"),
        ({"baseline": None}, 0.79, "not comparable"),
        ({"trained": True}, 0.79, "not comparable"),
        ({"trained": None}, 0.79, "not comparable"),
        ({"precision": "bfloat16"}, 0.79, "not comparable"),
        ({"dataset": "CIFAR-100"}, 0.79, "not comparable"),
    ],
)
def test_an_accuracy_is_comparable_with_the_same_weights_data_and_training(
    changes: dict[str, Any], measured: float, status: str
) -> None:
    reported = row(**({"result": {"top1": 79.0}, "baseline": {"top1": 80.0}, "trained": False} | changes))
    there = score(benchmark="imagenet", quality=quality(measured))
    (claim,) = (one for one in hold([reported], [there]) if one.what == "top1")
    assert claim.status == status
    assert bool(claim.reason) == (status == "not comparable")


def test_of_several_accuracies_that_of_the_precision_counts() -> None:
    exact = score(benchmark="imagenet", quality=quality(0.79))
    half = score(benchmark="imagenet", quality=quality(0.5))
    half = half.model_copy(update={"environment": half.environment.model_copy(update={"precision": "bfloat16"})})
    reported = row(result={"top1": 79.0}, baseline={"top1": 80.0}, trained=False)
    for measured in ([half, exact], [exact, half]):
        (claim,) = (one for one in hold([reported], measured) if one.what == "top1")
        assert (claim.status, claim.measured) == ("reproduced", 79.0)


def test_a_source_that_is_silent_on_training_is_said_to_be() -> None:
    reported = row(result={"top1": 79.0}, baseline={"top1": 80.0}, trained=None)
    (claim,) = (
        one for one in hold([reported], [score(benchmark="imagenet", quality=quality(0.79))]) if one.what == "top1"
    )
    assert claim.reason == "the source does not say whether the model was trained with the method"
    assert statuses(reported, score())["compute"] == "reproduced", "which does not depend on it"


def test_totals_count_rows_by_what_is_claimed_of_the_method() -> None:
    wrong = score(macs=8e9)
    assert totals(hold([row(), row()], [score()])) == {"reproduced": 2}
    assert totals(hold([row(compute_baseline=10.0, compute=3.0)], [wrong])) == {"not reproduced": 1}
    assert totals(hold([row()], [])) == {"not comparable": 1}
    share_only = {"model": "vit_q", "parameters": {"r": 3, "other": True}, "share_only": "it counts half"}
    assert totals(hold([row(compute_baseline=5.0, compute=2.5, counterpart=share_only)], [score()])) == {
        "reproduced": 1
    }


def test_numbers_that_cannot_be_compared_stand_together() -> None:
    reported = row(result={"GQA": 60.0, "POPE": 80.0}, dataset="GQA, POPE")
    (claim,) = (one for one in hold([reported], [score()]) if "GQA" in one.what)
    assert (claim.what, claim.claimed, claim.status) == ("GQA, POPE", None, "not comparable")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"compute_unit": None}, "belong together"),
        ({"compute": None, "compute_unit": None}, "stands without compute"),
        ({"counterpart": None}, "say in no_counterpart why"),
        ({"no_counterpart": "no such model"}, "exclude each other"),
        ({"read_on": "last year"}, "pattern"),
        ({"source": "a book"}, "web address"),
    ],
)
def test_a_row_that_leaves_out_what_it_must_say_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        row(**changes)


@pytest.mark.parametrize("name", WITH_CLAIMS)
def test_every_counterpart_gives_all_parameters_of_the_method(name: str) -> None:
    for reported in registry.reported_scores(name):
        if reported.counterpart is not None:
            parameters = reported.counterpart.parameters
            assert registry.load_method(name, **parameters).model_dump(mode="json") == parameters


@pytest.mark.parametrize("name", WITH_CLAIMS)
def test_every_committed_compute_with_a_counterpart_is_counted_and_holds(name: str) -> None:
    rows, measured = registry.reported_scores(name), registry.measured_scores(name)
    held = hold(rows, measured)
    assert {claim.row for claim in held} == set(range(len(rows)))
    assert all(claim.reason for claim in held if claim.status == "not comparable")
    for claim in held:
        counterpart = rows[claim.row].counterpart
        if "compute" in claim.what and counterpart is not None and not counterpart.share_only:
            assert claim.measured is not None, f"{claim}: prunarium claims {name} --count"
            assert claim.status != "not reproduced", claim


def test_the_paper_methods_have_their_claims_reproduced() -> None:
    expected = {"tome": 16, "evit": 16, "fastv": 25}
    assert {name: totals(claims_of(name))["reproduced"] for name in expected} == expected
