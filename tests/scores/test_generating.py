"""What records say of a model that generates, its key-value cache and each word, is shown, exported and verified."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from prunarium.bench.cells import Cell, prepare
from prunarium.bench.comparison import compare
from prunarium.bench.score_tables import score_table
from prunarium.bench.verification import Again, Verification, verify
from prunarium.cli.compare import _table
from prunarium.cli.console import console
from prunarium.cli.outcome_table import outcome_table
from prunarium.cli.score_table import show_score
from prunarium.records import MeasuredScore
from tests.bench.few_layers import NAME, known
from tests.scores.conftest import altered

CACHE = [
    "cache bytes, untouched",
    "cache bytes",
    "cached tokens per layer, untouched",
    "cached tokens per layer",
    "image tokens read per layer",
]


@pytest.fixture(scope="module")
def score() -> MeasuredScore:
    """A record of a real run."""
    with pytest.MonkeyPatch.context() as patch:
        known(patch)
        cell = Cell(method="fastv", model=NAME, parameters={"layer": 1}, batch_sizes=(1,), seconds=0, threads=1)
        return prepare(cell).measure()


def again(score: MeasuredScore, monkeypatch: pytest.MonkeyPatch, how: Again | None = None) -> Verification:
    known(monkeypatch)
    return verify("fastv", Path("score.json"), score, how or Again())


def test_bytes_are_verified_exactly(score: MeasuredScore, monkeypatch: pytest.MonkeyPatch) -> None:
    found = again(score, monkeypatch)
    assert found.verdict == "passed", found
    assert [check.quantity for check in found.checks if "cache" in check.quantity or "read" in check.quantity] == CACHE
    assert score.cost.cache
    found = again(altered(score, cost__cache__bytes=score.cost.cache.bytes + 1), monkeypatch)
    assert [check.quantity for check in found.checks if check.verdict == "failed"] == ["cache bytes"]


def test_a_record_from_before_is_held_to_the_rest(score: MeasuredScore, monkeypatch: pytest.MonkeyPatch) -> None:
    data = score.model_dump(mode="json")
    del data["cost"]["cache"], data["speed"][0]["decode"]
    old = MeasuredScore.model_validate_json(json.dumps(data))
    assert old.cost.cache is None and old.speed[0].decode is None
    found = again(old, monkeypatch)
    assert found.verdict == "passed" and not any("cache" in check.quantity for check in found.checks)


def test_the_time_of_a_word_has_a_band(score: MeasuredScore, monkeypatch: pytest.MonkeyPatch) -> None:
    wide: dict[str, Any] = {"speed__0__ratio__low": 1e-3, "speed__0__ratio__high": 1e3}
    wrong = altered(score, **wide, speed__0__decode__ratio__low=900.0, speed__0__decode__ratio__high=1000.0)
    found = again(wrong, monkeypatch, Again(speed=True, seconds=0))
    assert [check.quantity for check in found.checks if check.verdict == "failed"] == ["decode ratio, batch 1"]


def test_the_cache_behind_the_words_is_verified_where_they_are_said(
    score: MeasuredScore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert score.speed[0].decode and score.speed[0].decode.cache_bytes
    bounds = {"ratio__low": 1e-3, "ratio__high": 1e3, "decode__ratio__low": 1e-3, "decode__ratio__high": 1e3}
    wide: dict[str, Any] = {f"speed__0__{name}": bound for name, bound in bounds.items()}
    wrong = altered(score, **wide, speed__0__decode__cache_bytes=score.speed[0].decode.cache_bytes + 1)
    found = again(wrong, monkeypatch, Again(speed=True, seconds=0))
    assert [check.quantity for check in found.checks if check.verdict == "failed"] == [
        "cache bytes behind 8 words, batch 1"
    ]
    assert again(wrong, monkeypatch).verdict == "passed", "without its times it is not run so far"


def test_the_table_of_a_run(score: MeasuredScore, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    show_score(score)
    out = capsys.readouterr().out
    rows = {line.split("│")[1].strip(): line for line in out.splitlines() if "│" in line}
    assert score.cost.cache and score.speed[0].decode
    less = score.cost.cache.bytes_baseline / score.cost.cache.bytes
    assert f"{less:.2f}x less" in rows["key-value cache of a prompt"]
    assert f"{score.speed[0].decode.method_ms.median:.2f} ms" in rows["each word after it, batch 1"]
    assert "of the word" in rows["own work in a word, batch 1"]
    assert "less" in rows["key-value cache after 8 words, batch 1"]
    assert "prefill, batch 1" in rows
    assert "cached tokens per layer: 46 -> 46 28 28" in out and "before the eviction" not in out
    evicting = altered(score, cost__tokens=[30.0, 10.0, 10.0])
    show_score(evicting)
    assert "image tokens per layer before the eviction: 36 18 18" in capsys.readouterr().out


def test_tables_of_several(score: MeasuredScore, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """The cache has a column where a score has one."""
    from prunarium.bench.cells import Outcome

    monkeypatch.setenv("COLUMNS", "200")
    assert score.cost.cache
    left = score.cost.cache.bytes / score.cost.cache.bytes_baseline
    cell = Cell(method="fastv", model=NAME)
    for one, words in ((score, f"{left:.3f}"), (altered(score, cost__cache=None), "")):
        console().print(outcome_table([Outcome(cell, "measured", one), Outcome(cell, "failed", error="no")]))
        out = capsys.readouterr().out
        assert ("cache" in out) == bool(words) and words in out


def test_a_ranking_has_the_cache(score: MeasuredScore, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    quality = {
        "metric": "exact match",
        "samples": 9,
        "baseline": 0.5,
        "method": 0.4,
        "difference_low": -0.2,
        "difference_high": 0.0,
        "answers": "0" * 64,
    }
    common = {"benchmark": "digit-grid", "benchmark_revision": 3, "cost__budget": 0.5}
    one = altered(score, quality=quality, **common)
    other = altered(score, quality=quality, method="vtw", cost__cache=None, **common)
    (ranking,) = compare([one, other]).rankings
    assert score.cost.cache
    less = score.cost.cache.bytes_baseline / score.cost.cache.bytes
    assert sorted(str(row.cache_ratio) for row in ranking.rows) == sorted([str(less), "None"])
    monkeypatch.setenv("COLUMNS", "200")
    console().print(_table(ranking))
    out = capsys.readouterr().out
    assert "smaller cache" in out and f"{less:.2f}x" in out


def test_exports_hold_them(score: MeasuredScore) -> None:
    cache, decode = score.cost.cache, score.speed[0].decode
    assert cache and decode
    (row,) = csv.DictReader(io.StringIO(score_table("csv", [score]).decode()))
    assert (row["cost.cache.bytes_baseline"], row["cost.cache.bytes"]) == (str(cache.bytes_baseline), str(cache.bytes))
    assert float(row["speed.decode.ratio.median"]) == decode.ratio.median
    assert float(row["speed.decode.method_ms.ci_low"]) == decode.method_ms.ci_low
    (row,) = csv.DictReader(io.StringIO(score_table("timm-csv", [score]).decode()))
    assert (row["cache_bytes"], float(row["decode_speed_up"])) == (str(cache.bytes), decode.ratio.median)
    assert float(row["decode_step_time"]) == round(decode.method_ms.median, 3)
    quality = {"metric": "accuracy", "samples": 9, "baseline": 0.5, "method": 0.4, "answers": "0" * 64}
    judged = altered(score, quality={**quality, "difference_low": -0.2, "difference_high": 0.0})
    (entry,) = yaml.safe_load(score_table("hf", [judged]))["model-index"]
    arguments = entry["results"][0]["metrics"][0]["args"]
    assert (arguments["cache_bytes"], arguments["cache_bytes_untouched"]) == (cache.bytes, cache.bytes_baseline)
