"""Methods that take turns in one run: the records are those of cells measured alone, but for the times."""

import subprocess
import sys

import pytest

from prunarium import PrunariumError
from prunarium.bench.cells import Cell, prepare
from prunarium.bench.executors.together import Together


def cells(*methods, **values):
    fixed = {"benchmark": "cluttered-digits", "samples": 64, "seconds": 0, "batch_sizes": (1, 4), **values}
    return [Cell(method=method, budget=0.5, **fixed) for method in methods]


def told(score):
    return score.model_dump(exclude={"speed", "environment", "measured_on"})


def test_the_records_are_those_of_cells_measured_alone(tmp_path):
    asked = cells("tome", "evit", "topk-cls")
    outcomes = list(Together(tmp_path).run(asked))
    assert [outcome.state for outcome in outcomes] == ["measured"] * 3
    for cell, outcome in zip(asked, outcomes, strict=True):
        assert told(outcome.score) == told(prepare(cell).measure())
        assert [speed.batch_size for speed in outcome.score.speed] == [1, 4]
    baselines = [[speed.baseline_ms for speed in outcome.score.speed] for outcome in outcomes]
    assert baselines == baselines[:1] * 3, "one untouched model for all"
    again = list(Together(tmp_path).run(asked))
    assert [outcome.state for outcome in again] == ["there"] * 3


def test_a_cell_that_cannot_run_leaves_the_others(tmp_path):
    asked = [*cells("tome"), *cells("fastv")]
    failed, measured = Together(tmp_path).run(asked)
    assert (failed.state, failed.cell.method) == ("failed", "fastv")
    assert measured.state == "measured"


def test_cells_of_two_models_are_refused():
    asked = [*cells("tome"), *cells("tome", seed=1)]
    with pytest.raises(PrunariumError, match="cells of one model in one run: give one seed"):
        list(Together().run(asked))


def test_the_command_refuses_workers(tmp_path):
    command = [sys.executable, "-m", "prunarium", "bench", "tome", "--together", "--workers", "2"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 1 and "--together is one run in one process" in run.stderr
