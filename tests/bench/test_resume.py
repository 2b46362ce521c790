"""A sweep that is killed goes on where it was: nothing is lost, nothing measured twice, nothing half written."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from prunarium.bench.records import read_score

SEEDS = list(range(12))
BENCH = (sys.executable, "-m", "prunarium", "bench")
QUICK = ("--batch-size", "1", "--seconds", "0.2", "--samples", "64", "--threads", "1")


def start(tmp_path, *words, seeds=SEEDS, **options):
    seeds = ",".join(map(str, seeds))
    command = [
        *BENCH,
        "random",
        "--benchmark",
        "cluttered-digits",
        "--seed",
        seeds,
        *QUICK,
        "--records",
        "kept",
        *words,
    ]
    return subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )


def finish(process):
    """The outcomes, and what was said besides."""
    out, err = process.communicate(timeout=900)
    assert process.returncode == 0, err
    return json.loads(out), err


def kept(tmp_path):
    """Every record: when it was written, and what it holds."""
    return {
        path: (path.stat().st_mtime_ns, path.read_bytes())
        for path in (tmp_path / "kept").glob("methods/random/measured/*.json")
    }


def wait_for(tmp_path, count, process):
    while len(kept(tmp_path)) < count:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


@pytest.mark.slow
def test_killed_and_started_again(tmp_path):
    sweep = start(tmp_path, "--json")
    wait_for(tmp_path, 4, sweep)
    os.killpg(sweep.pid, signal.SIGKILL)
    sweep.communicate()
    before = kept(tmp_path)
    assert 4 <= len(before) < len(SEEDS)
    for path in before:
        read_score(path)  # whole
    spoilt = next(iter(before))
    del before[spoilt]
    spoilt.write_bytes(spoilt.read_bytes()[:1000])

    outcomes, said = finish(start(tmp_path, "--json"))
    after = kept(tmp_path)
    assert len(after) == len(SEEDS)
    assert {path: after[path] for path in before} == before, "what was finished is neither measured nor written again"
    assert read_score(spoilt).quality and f"{spoilt.relative_to(tmp_path)}:" in said and "measured again" in said
    assert sorted(outcome["score"]["seed"] for outcome in outcomes) == SEEDS
    states = [outcome["state"] for outcome in outcomes]
    assert states.count("there") == len(before) and states.count("measured") == len(SEEDS) - len(before)


@pytest.mark.slow
def test_only_the_parent_is_killed_and_two_sweeps_at_once(tmp_path):
    """A child is not left to disturb the next sweep; two sweeps of the same cells share them."""
    seeds = SEEDS[:5]
    sweep = start(tmp_path, "--json", seeds=seeds)
    wait_for(tmp_path, 1, sweep)
    os.kill(sweep.pid, signal.SIGKILL)
    sweep.communicate()  # returns when the child has closed the pipe too: it ended with its parent
    before = kept(tmp_path)
    assert len(before) < len(seeds)

    both = [start(tmp_path, "--json", seeds=seeds) for _ in range(2)]
    one, other = (finish(process)[0] for process in both)
    after = kept(tmp_path)
    assert len(after) == len(seeds) and all(after[path] == before[path] for path in before)
    assert [outcome["score"] for outcome in one] == [outcome["score"] for outcome in other]
    measured = sum(outcome["state"] == "measured" for outcome in one + other)
    assert measured == len(seeds) - len(before), "no cell was measured by both"
