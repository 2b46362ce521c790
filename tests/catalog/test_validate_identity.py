"""What validate says of ids: no identifier or former id belongs to two records, and no pointer leads in a circle."""

from collections.abc import Callable
from pathlib import Path

import pytest

from prunarium.catalog.validate import validate

Change = Callable[[str, str, str], None]
ALPHA, BETA = "catalog/papers/alpha.yaml", "catalog/papers/beta.yaml"
AGAIN = "no id is used again, remove one"
SLUG = "an id is lower-case words and numbers joined by hyphens; write it so"


def faults(tree: Path, change: Change, alpha: str, beta: str) -> list[str]:
    """The faults once these lines are added to the two records."""
    change(ALPHA, "kind: method\n", f"kind: method\n{alpha}")
    change(BETA, "kind: method\n", f"kind: method\n{beta}")
    return validate(tree)


@pytest.mark.parametrize(("name", "value"), [("openreview", "aB_c-9"), ("acl", "2023.acl-long.7")])
def test_openreview_and_acl_ids_are_unique(tree: Path, change: Change, name: str, value: str) -> None:
    change(ALPHA, "identifiers:\n", f"identifiers:\n  {name}: {value}\n")
    assert faults(tree, change, "", f"identifiers:\n  {name}: {value}\n") == [
        f"{BETA}:9: identifiers.{name}: '{value}' is also that of {ALPHA}; correct one, or make them one record"
    ]


@pytest.mark.parametrize(
    ("alpha", "beta", "expected"),
    [
        ("[old]", "[older]", None),
        ("[beta]", "[old]", f"{ALPHA}:14: aliases[0]: 'beta' is that of {BETA} already; {AGAIN}"),
        ("[old]", "[new, old]", f"{BETA}:8: aliases[1]: 'old' is that of {ALPHA} already; {AGAIN}"),
        ("[old, old]", "[new]", f"{ALPHA}:14: aliases[1]: 'old' is that of {ALPHA} already; {AGAIN}"),
        ("[alpha]", "[new]", f"{ALPHA}:14: aliases[0]: 'alpha' is the id that the record has; remove it here"),
        ("[Old One]", "[new]", f"{ALPHA}:14: aliases[0]: is 'Old One': {SLUG}"),
    ],
)  # fmt: skip
def test_a_former_id_finds_one_record(tree: Path, change: Change, alpha: str, beta: str, expected: str | None) -> None:
    found = faults(tree, change, f"aliases: {alpha}\n", f"aliases: {beta}\n")
    assert found == ([expected] if expected else [])


def test_two_records_that_point_at_each_other_are_one_fault(tree: Path, change: Change) -> None:
    assert faults(tree, change, "superseded_by: beta\n", "duplicate_of: alpha\n") == [
        f"{ALPHA}:14: superseded_by: leads in a circle: alpha to beta to alpha; correct the one that is wrong"
    ]


def test_each_of_two_circles_is_reported_and_a_chain_is_none(tree: Path, change: Change) -> None:
    beta = (tree / BETA).read_text()
    for paper_id, following in (("c", "d"), ("d", "e"), ("e", "c"), ("f", "alpha"), ("g", "f")):
        text = beta.replace("id: beta\n", f"id: {paper_id}\n") + f"superseded_by: {following}\n"
        (tree / "catalog" / "papers" / f"{paper_id}.yaml").write_text(text)
    words = "correct the one that is wrong"
    assert faults(tree, change, "superseded_by: beta\n", "superseded_by: alpha\n") == [
        f"{ALPHA}:14: superseded_by: leads in a circle: alpha to beta to alpha; {words}",
        f"catalog/papers/c.yaml:12: superseded_by: leads in a circle: c to d to e to c; {words}",
    ]


def test_no_reduction_stands_alone(tree: Path, change: Change) -> None:
    change(
        "catalog/taxonomy.yaml",
        "kinds:\n",
        "  - id: no-reduction\n    name: None\n    definition: Nothing.\n    rule: It stands alone.\nkinds:\n",
    )
    assert faults(tree, change, "", "categories: [no-reduction]\n") == []
    change(BETA, "[no-reduction]", "[token-pruning, no-reduction]")
    assert validate(tree) == [
        f"{BETA}:8: categories[1]: 'no-reduction' stands beside others; keep it alone, or leave it out"
    ]
