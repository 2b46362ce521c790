"""``prunarium bench`` as a user types it: many cells, the table, and every bad input in one line."""

import json
import subprocess
import sys

import pytest

from prunarium import paths
from prunarium.cli import main

QUICK = ("--samples", "16", "--seconds", "0", "--batch-size", "1")


@pytest.mark.slow
def test_a_failing_cell_does_not_stop_the_others(tmp_path, method_folder):
    dies, raises = method_folder("dies", "os._exit(7)"), method_folder("raises", "raise ValueError('of mine')")
    words = (str(dies), str(raises), "tome", "--benchmark", "cluttered-digits", *QUICK, "--records", "kept")
    command = [sys.executable, "-m", "prunarium", "bench", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "failed: dies on cluttered-digits, seed 0: its process died: exit code 7",
        "failed: raises on cluttered-digits, seed 0: ValueError: of mine",
        "2 of 3 cells failed",
    ]
    header, *rows = done.stdout.splitlines()
    assert header.split()[:5] == ["method", "setting", "on", "seed", "budget"] and "speed at 1" in header
    assert [row.split()[0] for row in rows] == ["dies", "raises", "tome"]
    assert [row.split()[-1] for row in rows] == ["failed", "failed", "measured"]
    assert len(list((tmp_path / "kept").rglob("*.json"))) == 1


@pytest.mark.slow
def test_an_option_given_twice_counts_twice(tmp_path, method_folder, prunarium):
    words = (*QUICK, "--batch-size", "2,3", "--seed", "3", "--seed", "4")
    folder, kept = method_folder("mine", "pass"), tmp_path / "kept"
    done = prunarium("bench", folder, "--benchmark", "cluttered-digits", *words, "--records", kept, "--json")
    assert done.code == 0, done.err
    scores = [json.loads(path.read_text()) for path in kept.rglob("*.json")]
    assert sorted(score["seed"] for score in scores) == [3, 4]
    assert all("--batch-size 1 --batch-size 2 --batch-size 3" in score["command"] for score in scores)


def test_a_sweep_file_with_records_in_the_methods_folder(tmp_path, method_folder, prunarium):
    folder, sweep = method_folder("mine", "pass"), tmp_path / "s.yaml"
    grid = "seconds: 0\n    samples: 16\n    batch_sizes: [1]\n    seeds: [3]"
    sweep.write_text(f"grids:\n  - methods: [made/mine]\n    {grid}\n")
    done = prunarium("bench", sweep, "--json")
    assert done.code == 0, done.err
    (outcome,) = json.loads(done.out)
    assert (outcome["cell"]["seed"], outcome["state"]) == (3, "measured")
    assert [outcome["path"]] == [str(path) for path in (folder / "measured").glob("*.json")]
    again = prunarium("bench", sweep)
    assert again.code == 0
    assert [row.split()[-1] for row in again.out.splitlines()[1:]] == ["there"]


TOME = str(paths.root() / "methods" / "tome")
BAD = {
    "unknown method": (["tme"], "there is no method 'tme' (did you mean 'tome'?)"),
    "unknown parameter": (["tome", "--param", "q=3"], "tome has no parameter 'q'; its parameters: r, proportional_"),
    "parameter of another method": (["tome", "evit", "--param", "r=3"], "evit has no parameter 'r'"),
    "bad value": (["tome", "--param", "r=4,-1"], "tome: r=-1"),
    "no value": (["tome", "--param", "r="], "--param r=: write it as name=value"),
    "given twice": (["tome", "--param", "r=4", "--param", "r=8"], "r is given twice"),
    "not YAML": (["tome", "--param", "r=[4"], "the value cannot be read"),
    "budget of 0": (["tome", "--budget", "0.5,0"], "--budget is 0; it must be more than 0"),
    "budget above 1": (["tome", "--budget", "1.5"], "--budget is 1.5; it must be at most 1"),
    "budget that is none": (["tome", "--budget", "half"], "--budget is 'half'; write a number"),
    "no budget": (["tome", "--budget", ""], "--budget has too few values"),
    "seed that is none": (["tome", "--seed", "0,1.5"], "--seed is 1.5"),
    "batch of none": (["tome", "--batch-size", "0"], "--batch-size is 0; it must be at least 1"),
    "unknown benchmark": (["tome", "--benchmark", "cluttered"], "did you mean 'cluttered-digits'"),
    "unknown precision": (["tome", "--precision", "float33"], "--precision is 'float33', which is not a choice"),
    "unknown executor": (["tome", "--executor", "rya"], "there is no executor 'rya' (did you mean 'ray'?)"),
    "two local workers": (["tome", "--workers", "2"], "one cell at a time"),
    "settings of another executor": (["tome", "--slurm", "partition=gpu"], "--slurm means nothing to --executor local"),
    "hasty": (["tome", "--seconds", "0"], "a record needs at least --seconds 1"),
    "partial": (["tome", "--samples", "64"], "a record needs all samples"),
    "hasty, by path": ([TOME, "--seconds", "0"], "a record needs at least --seconds 1"),
    "partial, by root": (["tome", "--samples", "64", "--records", str(paths.root())], "a record needs all samples"),
    "endless": (["tome", "--seconds", "inf"], "--seconds is inf; write a finite number"),
    "seed below 0": (["tome", "--seed", "0,-1"], "--seed is -1; it must be at least 0"),
    "no sweep file": (["none.yaml"], "none.yaml:1: cannot be read"),
    "two sweep files": (["a.yaml", "b.yaml"], "a.yaml: a sweep file stands alone"),
    "sweep file and option": (["a.yaml", "--budget", "0.5"], "a.yaml: says itself what to measure; leave out --budget"),
}


@pytest.mark.parametrize("words, said", BAD.values(), ids=BAD)
def test_bad_input_is_one_clear_line(words, said, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["prunarium", "bench", *words])
    with pytest.raises(SystemExit) as stop:
        main()
    out, err = capsys.readouterr()
    assert (stop.value.code, out) == (1, "")
    assert err.startswith("error: ") and len(err.strip().splitlines()) == 1
    assert said in err
    assert list(tmp_path.iterdir()) == []
