"""``prunarium claims``: counts what is missing, and holds it against what is claimed."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from prunarium.paths import root

ROWS = """\
# yaml-language-server: $schema=../../catalog/schemas/reported.schema.json
scores:
  - reported_by: a paper
    own_claim: true
    source: https://example.org/paper
    where: Table 1
    read_on: "2026-11-22"
    model: DeiT-T
    dataset: ImageNet-1k
    setting:
      keep_rate: 0.7
    trained: true
    result:
      top1: 71.0
    compute_baseline: 1.3
    compute: {compute}
    compute_unit: GFLOPs
    counterpart:
      model: deit_tiny_patch16_224
      parameters:
        keep_rate: 0.7
        blocks: null
        fuse: true
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a method with one claim, which nobody has counted."""
    copy = tmp_path / "evit"
    copy.mkdir()
    for name in ("card.yaml", "method.py"):
        shutil.copy(root() / "methods" / "evit" / name, copy)
    (copy / "reported.yaml").write_text(ROWS.format(compute=0.8))
    return copy


def claims(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "prunarium", "claims", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_a_claim_is_counted_and_reproduced(folder: Path) -> None:
    before = json.loads(claims(folder, "--json").stdout)
    assert {claim["status"] for claim in before} == {"not comparable"}

    done = claims(folder, "--count", "--json")
    assert done.returncode == 0, done.stderr
    found = {claim["what"]: claim for claim in json.loads(done.stdout)}
    assert found["compute"]["status"] == "reproduced"
    assert round(found["compute"]["measured"], 3) == 0.821
    assert found["top1"]["status"] == "not comparable" and "fine-tuning" in found["top1"]["reason"]
    (record,) = (folder / "measured").glob("*.json")
    assert "--device meta" in json.loads(record.read_text())["command"]


def test_the_table_and_what_it_leaves_out(folder: Path) -> None:
    assert claims(folder, "--count").returncode == 0
    (folder / "reported.yaml").write_text(ROWS.format(compute=0.5))
    table, short = claims(folder).stdout, claims(folder, "--comparable").stdout
    assert "not reproduced" in table and "+64" in table and "top1" in table
    assert "not reproduced" in short and "top1" not in short


def test_a_method_that_does_not_exist() -> None:
    done = claims("tomme")
    assert done.returncode == 1
    assert done.stderr.startswith("error: there is no method 'tomme'") and done.stderr.count("\n") == 1


def test_a_count_with_an_earlier_version_says_nothing(folder: Path) -> None:
    assert claims(folder, "--count").returncode == 0
    assert "evit: of 1 rows 1 reproduced, 0 within noise, 0 not reproduced, 0 not comparable" in claims(folder).stdout
    card = folder / "card.yaml"
    card.write_text(f"{card.read_text()}version: 2\n")
    assert "evit: of 1 rows 0 reproduced" in claims(folder).stdout
    assert claims(folder, "--count").returncode == 0
    assert len(list((folder / "measured").glob("*.json"))) == 2
    assert "evit: of 1 rows 1 reproduced" in claims(folder).stdout


def test_counts_kept_elsewhere(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    done = claims(folder, "--count", "--records", elsewhere)
    assert done.returncode == 0 and "evit: of 1 rows 1 reproduced" in done.stdout
    assert not (folder / "measured").exists()
    assert len(list((elsewhere / "methods" / "evit" / "measured").glob("*.json"))) == 1
    assert "evit: of 1 rows 0 reproduced" in claims(folder).stdout
