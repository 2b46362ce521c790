"""The README's table of qualities holds what is ranked: one condition, and of each method its best setting."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from prunarium.records import MeasuredScore
from tests.scores.conftest import altered, only
from tests.script_modules import script

fill_tables = script("fill_tables")


@pytest.fixture
def pair(measured: Path) -> Sequence[MeasuredScore]:
    scores = only(measured / "topk-cls")[1], only(measured / "random")[1]
    return [altered(score, cost__budget=0.5, quality__method=0.75) for score in scores]


def rows(scores: Sequence[MeasuredScore]) -> list[list[str]]:
    lines = fill_tables.budgets(scores).splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_what_was_measured_otherwise_is_not_mixed_in(pair: Sequence[MeasuredScore]) -> None:
    others = [
        altered(pair[0], environment__device="H200", quality__method=0.1),
        altered(pair[0], environment__precision="bfloat16", quality__method=0.1),
        altered(pair[0], environment__threads=9, quality__method=0.1),
        altered(pair[0], quality__samples=7, quality__method=0.1),
    ]
    head, *found = rows([*others, *pair])
    assert head[0].endswith(f"{pair[0].environment.device}, {pair[0].environment.threads} threads, float32")
    assert found == [
        ["", "`random`", "", "75.0 %", "", ""],
        ["", "`topk-cls`", "", "75.0 %", "", ""],
    ]


def test_of_several_settings_the_best_counts(pair: Sequence[MeasuredScore]) -> None:
    worse = altered(pair[0], setting="Other()", parameters={"other": True}, quality__method=0.2)
    assert rows([worse, *pair])[2][1:4] == ["`topk-cls`", "", "75.0 %"]


def test_where_others_are_ranked_a_method_that_is_not_says_so(pair: Sequence[MeasuredScore]) -> None:
    both = [altered(score, cost__budget=0.25) for score in pair]
    third = altered(pair[0], method="third", cost__budget=0.25)
    table = {row[1]: row[2:] for row in rows([*pair, *both, third])}
    assert table["`third`"] == ["", "not ranked", "75.0 %", ""]


def test_torchs_seed_makes_no_further_seeds(pair: Sequence[MeasuredScore]) -> None:
    again = [altered(score, seed=seed) for score in pair for seed in (7, 8)]
    assert [row[1] for row in rows([*pair, *again])] == ["untouched", "`random`", "`topk-cls`"]
