"""Cells as submitit's jobs. They run on this machine: all but sbatch itself is what a SLURM cluster would run."""

import os
import signal
from functools import partial
from pathlib import Path

import pytest
import submitit

from prunarium import PrunariumError
from prunarium.bench.cells import Cell, do
from prunarium.bench.executors import executor
from prunarium.bench.executors.slurm import Slurm
from tests.bench.killed_once import QUICK, kill_once


def jobs(tmp_path, task, *settings):
    return Slurm(partial(task, root=tmp_path), 2, slurm=[f"folder={tmp_path / 'jobs'}", *settings], cluster="local")


def do_or_die(cell, root):
    """The cell with seed 1 is killed whenever it is tried."""
    if cell.seed == 1:
        with (Path(root) / "tries").open("a") as tries:
            tries.write("x")
        os.kill(os.getpid(), signal.SIGKILL)
    return do(cell, root)


@pytest.mark.slow
def test_a_killed_job_is_submitted_again_and_none_is_lost_or_doubled(tmp_path, method_folder, monkeypatch, capfd):
    monkeypatch.setattr(submitit.Job, "_results_timeout_s", 1)  # for slow shared disks
    marker = tmp_path / "marker"
    cells = [
        Cell(method=str(method_folder("killed-once", kill_once(marker))), **QUICK),
        Cell(method="random", **QUICK),
        Cell(method="random", parameters={"keep_rate": 7}, **QUICK),
        Cell(method="random", seed=1, **QUICK),
    ]
    outcomes = {str(outcome.cell): outcome for outcome in jobs(tmp_path, do_or_die).run(cells)}
    assert marker.exists()
    assert [outcomes[str(cell)].state for cell in cells] == ["measured", "measured", "failed", "failed"]
    records = sorted(tmp_path.rglob("measured/*.json"))
    assert records == sorted(outcomes[str(cell)].path for cell in cells[:2])

    assert (tmp_path / "tries").read_text() == "xxx"
    told, _, log = outcomes[str(cells[3])].error.partition("; see ")
    assert told == "its job died 3 times" and Path(log).is_file()
    assert capfd.readouterr().out == ""


def test_settings_that_sbatch_does_not_have(tmp_path):
    with pytest.raises(PrunariumError, match=r"--slurm: .*partitoin"):
        list(jobs(tmp_path, do, "partitoin=gpu").run([Cell(method="random", **QUICK)]))
    with pytest.raises(PrunariumError, match="--slurm time=2:00:00: give whole minutes"):
        jobs(tmp_path, do, "time=2:00:00")
    with pytest.raises(PrunariumError, match="--slurm partition: write it as name=value"):
        jobs(tmp_path, do, "partition")


def test_without_slurm(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PrunariumError, match="there is no sbatch here"):
        executor("slurm")
