"""``catalog/reported.yaml``: what is printed of methods without a folder, and what is wrong in it."""

from pathlib import Path

import pytest

from prunarium import paths
from prunarium.catalog.reported_outside import reported_outside
from prunarium.catalog.validate import validate

VALID = """\
# yaml-language-server: $schema=schemas/reported-outside.schema.json
same_models:
  - [ViT-Q, ViT-Q/16]
methods:
  - method: Beta
    paper: beta
    scores:
      - reported_by: a paper
        own_claim: false
        source: https://example.org/
        where: Table 1
        read_on: "2026-11-22"
        model: ViT-Q
        dataset: ImageNet-1k
        setting:
          r: 3
        result:
          top1: 79.3
"""
FILE = "catalog/reported.yaml"


@pytest.fixture
def faults(tree: Path):
    def faults(old: str = "", new: str = "") -> list[str]:
        assert old in VALID
        (tree / FILE).write_text(VALID.replace(old, new, 1) if old else VALID, encoding="utf-8")
        return validate(tree)

    return faults


def test_a_valid_file_has_no_faults_and_is_read(tree: Path, faults) -> None:
    assert reported_outside(tree) is None
    assert faults() == []
    read = reported_outside(tree)
    assert read and read.methods[0].scores[0].result == {"top1": 79.3}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("paper: beta", "paper: beat", "6: methods[0].paper: there is no paper 'beat' (did you mean 'beta'?)"),
        ("paper: beta", "paper: alpha", "6: methods[0].paper: methods/alpha runs 'alpha'; move the rows into its"),
        ("ViT-Q/16", "ViT-Q", "2: same_models: 'ViT-Q' stands here twice; a model has one group of names"),
        ("top1: 79.3", "top1: high", "18: methods[0].scores[0].result"),
        (
            "source: https://example.org/",
            "source: example.org",
            "10: methods[0].scores[0].source: is not a web address",
        ),
    ],
    ids=["no such paper", "a method that runs here", "a name twice", "no number", "no address"],
)
def test_one_fault(faults, old: str, new: str, expected: str) -> None:
    found = faults(old, new)
    assert len(found) == 1 and found[0].startswith(f"{FILE}:{expected}"), found


def test_a_method_stands_once(faults) -> None:
    again = VALID[VALID.index("  - method: Beta") :]
    assert faults("top1: 79.3\n", f"top1: 79.3\n{again}") == [
        f"{FILE}:19: methods[1].method: 'Beta' stands here a second time; make them one"
    ]


def test_the_committed_file_names_a_source_for_each_row() -> None:
    committed = reported_outside(paths.root())
    assert committed
    rows = [row for one in committed.methods for row in one.scores]
    assert rows and all(row.source and row.where for row in rows)
    assert all(row.result or row.compute for row in rows), "a row without a number says nothing"
