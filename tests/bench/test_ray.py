"""Cells on a real Ray cluster on this machine, with two workers."""

import json
from functools import partial

import pytest

from prunarium import PrunariumError
from prunarium.bench.cells import Cell, do
from prunarium.bench.executors import executor
from prunarium.records import MeasuredScore
from tests.bench.killed_once import QUICK, kill_once

pytestmark = pytest.mark.slow


def do_on_another_disk(cell, root, again=False):
    """As a worker does that shares no files with the one who started it: there, all is as it was."""
    before = {path: path.read_bytes() for path in root.rglob("measured/*.json")}
    outcome = do(cell, root, again)
    if outcome.path and cell.seed == 1:
        outcome.path.unlink()
        if outcome.path in before:
            outcome.path.write_bytes(before[outcome.path])
    return outcome


def test_a_killed_worker_s_cell_is_done_again_and_none_is_lost_or_doubled(tmp_path, method_folder, capfd):
    marker = tmp_path / "marker"
    cells = [
        Cell(method=str(method_folder("killed-once", kill_once(marker))), **QUICK),
        Cell(method="random", **QUICK),
        Cell(method="random", seed=1, **QUICK),
        Cell(method="random", parameters={"keep_rate": 7}, **QUICK),
    ]
    ray_cluster = executor("ray", partial(do_on_another_disk, root=tmp_path), workers=2)
    outcomes = {str(outcome.cell): outcome for outcome in ray_cluster.run(cells)}

    assert marker.exists(), "the first process of this cell was killed"
    assert [outcomes[str(cell)].state for cell in cells] == ["measured", "measured", "measured", "failed"]
    assert "keep_rate=7" in outcomes[str(cells[3])].error
    records = sorted(tmp_path.rglob("measured/*.json"))
    assert records == sorted(outcomes[str(cell)].path for cell in cells[:3])
    for cell in cells[:3]:
        outcome = outcomes[str(cell)]
        assert MeasuredScore.model_validate(json.loads(outcome.path.read_text())) == outcome.score
    assert outcomes[str(cells[0])].score.environment.threads == 1
    first = outcomes[str(cells[2])]
    (second,) = executor("ray", partial(do_on_another_disk, root=tmp_path, again=True)).run([cells[2]])
    assert (second.state, second.path) == ("measured", first.path) and second.score != first.score
    assert MeasuredScore.model_validate(json.loads(first.path.read_text())) == second.score, "--again replaces it here"
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", ""), "Ray keeps its logs to itself"


def test_what_the_cluster_cannot_hold_is_refused_before_anything_runs(tmp_path):
    too_much = Cell(method="random", device="cuda", **QUICK)
    with pytest.raises(PrunariumError, match="needs 1 GPU, the Ray cluster has 0 in all"):
        list(executor("ray", partial(do, root=tmp_path)).run([too_much]))
    with pytest.raises(PrunariumError, match="write --device cuda"):
        list(executor("ray", partial(do, root=tmp_path)).run([Cell(method="random", device="cuda:1", **QUICK)]))


def test_an_address_without_a_cluster():
    with pytest.raises(PrunariumError, match=r"no Ray cluster at 127\.0\.0\.1:1"):
        list(executor("ray", do, address="127.0.0.1:1").run([Cell(method="random", **QUICK)]))
