"""Why numbers are not comparable: one cause for each, from what the row says."""

from typing import Any

import pytest

from prunarium import registry
from prunarium.registry.claim_causes import cause, causes
from prunarium.registry.claims import claims_of, hold

from .test_claims import row, score


def causes_of(reported: Any, *measured: Any) -> set[str]:
    return {words for claim in hold([reported], measured) if (words := cause(reported, claim))}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"counterpart": None, "no_counterpart": "no such model"}, "the source does not print the whole setting"),
        ({}, "not counted here yet"),
        ({"compute": None, "compute_baseline": None, "compute_unit": None, "speed_up": 2.0}, "timed on another device"),
        ({"result": {"top1": 80.0}, "trained": True}, "claimed after training with the method"),
        ({"result": {"top1": 80.0}}, "the source does not say whether"),
        ({"result": {"top1": 80.0}, "trained": False}, "data or weights are not shipped"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_each_has_its_cause(changes: dict[str, Any], expected: str) -> None:
    assert any(words.startswith(expected) for words in causes_of(row(**changes)))


def test_a_comparable_number_has_none() -> None:
    assert causes_of(row(), score()) == set()


def test_every_number_that_is_not_comparable_is_counted_once() -> None:
    for method in ("tome", "fastv", "dynamicvit"):
        rows = registry.reported_scores(method)
        held = claims_of(method)
        pairs = [(one, [claim for claim in held if claim.row == place]) for place, one in enumerate(rows)]
        counted = causes(pairs)
        assert sum(count for _, count in counted) == sum(claim.status == "not comparable" for claim in held)
        assert [count for _, count in counted] == sorted((count for _, count in counted), reverse=True)
