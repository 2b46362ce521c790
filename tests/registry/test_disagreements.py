"""Which cells sources disagree about: the rules, and what the committed rows say."""

from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prunarium import paths, registry
from prunarium.catalog.reported_outside import reported_outside
from prunarium.records import ReportedScore
from prunarium.registry.disagreements import (
    UNTOUCHED,
    Disagreement,
    Statement,
    agree,
    as_printed,
    disagreements,
)

PRINTED = st.decimals(min_value=0, max_value=2000, places=3).map(float)


def row(name: str = "a", **changes: Any) -> ReportedScore:
    values: dict[str, Any] = {
        "reported_by": f"paper {name}",
        "own_claim": False,
        "source": f"https://example.org/{name}",
        "where": "Table 1",
        "read_on": "2026-11-22",
        "model": "ViT-Q",
        "dataset": "ImageNet-1k",
        "setting": {"r": 3},
        "trained": False,
        "result": {"top1": 79.3},
    }
    return ReportedScore.model_validate(values | changes)


def found(*rows: ReportedScore, same_models: Any = ()) -> list[Disagreement]:
    return disagreements([Statement("tome", one) for one in rows], same_models)


@given(number=PRINTED, digits=st.integers(0, 3))
def test_a_number_agrees_with_each_of_its_roundings(number: float, digits: int) -> None:
    for rule in (ROUND_HALF_UP, ROUND_HALF_DOWN):
        rounded = float(Decimal(repr(number)).quantize(Decimal(1).scaleb(-digits), rule))
        if digits > 0 or number >= 100:  # of percentages a file does not tell 79 and 79.0 apart
            assert agree(number, rounded), (number, rounded)


@given(one=PRINTED, other=PRINTED)
def test_agreement_is_the_same_both_ways_round_and_holds_with_itself(one: float, other: float) -> None:
    assert agree(one, one)
    assert agree(one, other) == agree(other, one)


@given(one=PRINTED, step=st.integers(1, 50))
def test_numbers_of_one_precision_agree_only_when_equal(one: float, step: int) -> None:
    digits = len(as_printed(one).partition(".")[2])
    other = float(Decimal(as_printed(one)) + Decimal(step).scaleb(-digits))
    if len(as_printed(other).partition(".")[2]) == digits:
        assert not agree(one, other)


@given(values=st.lists(PRINTED, min_size=2, max_size=5))
def test_a_cell_is_named_just_when_two_of_its_numbers_do_not_agree(values: list[float]) -> None:
    rows = [row(f"s{place}", result={"top1": value}) for place, value in enumerate(values)]
    differ = any(not agree(one, other) for one in values for other in values)
    assert bool(found(*rows)) == differ


ALIKE = [(79.36, 79.4), (79.85, 79.9), (79.85, 79.8), (1506.47, 1506.0), (79.538, 79.54)]
UNLIKE = [(79.3, 79.4), (83.08, 83.0), (14.4, 14.0), (1862.0, 1864.0), (2.9, 3.0)]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_roundings_agree(one: float, other: float) -> None:
    assert agree(one, other)


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_other_numbers_do_not(one: float, other: float) -> None:
    assert not agree(one, other)


def test_the_numbers_stand_with_those_that_print_them() -> None:
    (one,) = found(row("a"), row("b", result={"top1": 79.9}), row("c", result={"top1": 79.9}))
    assert (one.cell.method, one.cell.model, one.cell.training, one.cell.setting) == (
        *("tome", "ViT-Q"),
        *("off the shelf", "r=3"),
    )
    assert one.metrics == ("top1, ImageNet-1k",)
    printed = one.printed("top1, ImageNet-1k")
    assert [(number, [s.row.reported_by for s in by]) for number, by in printed] == [
        (79.9, ["paper b", "paper c"]),
        (79.3, ["paper a"]),
    ]
    assert one.summary == "top1, ImageNet-1k 79.3 to 79.9"


@pytest.mark.parametrize(
    "other",
    [
        {"model": "ViT-R"},
        {"trained": True},
        {"trained": None},
        {"setting": {"r": 4}},
        {"dataset": "ImageNet-V2"},
        {"result": {"top5": 90.0}},
        {"evidence": "headline"},
        {"setting": {}},
        {"name": "a"},
    ],
    ids=str,
)
def test_what_is_not_of_the_cell_or_not_of_another_source_is_no_disagreement(other: dict[str, Any]) -> None:
    assert found(row("a"), row(**({"name": "b", "result": {"top1": 70.0}} | other))) == []


def test_two_rows_without_a_setting_are_of_no_cell() -> None:
    assert found(row("a", setting={}), row("b", setting={}, result={"top1": 70.0})) == []


def test_a_curator_may_say_that_two_settings_are_one() -> None:
    rows = row("a", cell="r=3"), row("b", setting={"column": "off the shelf"}, cell="r=3", result={"top1": 70.0})
    (one,) = found(*rows)
    assert one.cell.setting == "r=3"
    assert one.causes == ("they word the setting differently, so it may not be the same",)


def test_names_of_one_model_are_one() -> None:
    rows = row("a"), row("b", model="ViT-Q/16", result={"top1": 70.0})
    assert found(*rows) == []
    assert found(*rows, same_models=[["ViT-Q", "ViT-Q/16"]])[0].cell.model == "ViT-Q"


def test_untouched_models_are_cells_of_all_methods() -> None:
    rows = row("a", baseline={"top1": 81.8}), row("b", setting={"r": 9}, baseline={"top1": 81.2})
    (one,) = disagreements([Statement("tome", rows[0]), Statement("evit", rows[1])])
    assert one.cell.method == UNTOUCHED and [s.method for s in one.statements] == ["tome", "evit"]


def test_other_untouched_models_are_a_cause() -> None:
    rows = row("a", baseline={"top1": 81.8}), row("b", result={"top1": 70.0}, baseline={"top1": 81.2})
    by_method = {one.cell.method: one for one in found(*rows)}
    assert by_method["tome"].causes == ("they start from different untouched models: top1, ImageNet-1k 81.8 and 81.2",)


def test_the_order_of_the_rows_does_not_matter_to_what_is_found() -> None:
    rows = [row("a"), row("b", result={"top1": 70.0}), row("c", result={"top1": 71.0})]
    assert [one.cell for one in found(*rows)] == [one.cell for one in found(*reversed(rows))]


def test_known_conflicts_are_found_in_the_committed_rows() -> None:
    outside = reported_outside(paths.root())
    assert outside
    statements = [Statement(one, row) for one in registry.cards() for row in registry.reported_scores(one)]
    statements += [Statement(one.method, row) for one in outside.methods for row in one.scores]
    known = {(one.cell.method, one.cell.model): one for one in disagreements(statements, outside.same_models)}
    numbers = {number for number, _ in known["diffrate", "DeiT-S"].printed("top1, ImageNet-1k")}
    assert numbers == {79.538, 76.8}
    assert {("tome", "MAE ViT-L"), ("sparsevlm", "LLaVA-1.5-7B"), (UNTOUCHED, "DeiT-T")} <= known.keys()
    assert ("tome", "DeiT-S/16") not in known
    assert not [one for one in known.values() if one.cell == ("tome", "DeiT-S", "trained with the method")]
