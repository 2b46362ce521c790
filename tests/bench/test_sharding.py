"""One cell in several real processes that talk through gloo: nothing lost, nothing doubled, no process left waiting."""

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from prunarium import PrunariumError
from prunarium.bench.cells import Cell, Outcome, do, prepare
from prunarium.bench.executors import executor
from prunarium.bench.quality import answer, compare_answers
from prunarium.bench.sharding import do_in, processes, spread
from prunarium.records import MeasuredScore

pytestmark = pytest.mark.slow
COUNTS = (1, 2, 3, 4, 101)
CELL = Cell(method="random", samples=101, batch_sizes=(1,), seconds=0, threads=1)
"""101 samples are a batch of 100 and one of 1; random draws by the number of the sample."""


def square(number):
    return number**2


def squares(cell):
    """Fewer items than there are processes, as many, and numbers that do not divide."""
    note = {"squares": [spread(square, range(count)) for count in COUNTS], "processes": processes()}
    return Outcome(cell, "measured", note=json.dumps(note))


def refuse_three(number):
    if number == 3:
        raise ValueError("three is refused")
    return number


def fail_twice(cell):
    """In the midst of a share, which all are told of; then one process before it begins."""
    with pytest.raises((ValueError, PrunariumError)) as told:
        spread(refuse_three, range(4))
    if os.environ["RANK"] == "1":
        return Outcome(cell, "failed", error="its data are not here")
    with pytest.raises(PrunariumError) as told_later:
        spread(refuse_three, range(4))
    return Outcome(cell, "failed", error=f"{told.value}; {told_later.value}")


def die(cell):
    if os.environ["RANK"] == "1":
        os.kill(os.getpid(), signal.SIGKILL)
    return squares(cell)


def test_every_item_is_done_once_and_in_order():
    outcome = do_in(3, squares, CELL)
    expected = {"squares": [[n**2 for n in range(count)] for count in COUNTS], "processes": 3}
    assert json.loads(outcome.note) == expected
    assert spread(square, range(5)) == [0, 1, 4, 9, 16], "alone, the same without a group"
    assert processes() == 1


def test_a_process_that_fails_is_named_and_nobody_waits_for_it():
    told = "process 1 of 2 did not do its share"
    assert do_in(2, fail_twice, CELL).error == f"{told}: ValueError: three is refused; {told}: its data are not here"


def test_a_process_that_is_killed_is_an_outcome(caplog):
    outcome = do_in(2, die, CELL)
    assert (outcome.state, outcome.error) == ("failed", "process 1 of 2 died with exit code -9")
    assert not caplog.text


@pytest.fixture(scope="module")
def quality():
    """Of one process."""
    prepared = prepare(CELL)
    workload, method = prepared.run.workload, prepared.run.method
    plain, reduced = answer(workload, None), answer(workload, method)
    return compare_answers(plain, reduced, workload.data.labels.numpy(), "accuracy")


def the_one_score(folder, quality):
    (path,) = folder.rglob("*.json")
    score = MeasuredScore.model_validate(json.loads(path.read_text()))
    assert score.quality == quality, "the checksum of the answers, sample by sample, is part of it"
    assert score.quality.samples == 101
    return score


def test_quality_in_processes_started_here_is_that_of_one(tmp_path, quality):
    (outcome,) = executor("local", partial(do, root=tmp_path), processes=2).run([CELL])
    assert outcome.error == ""
    assert the_one_score(tmp_path, quality) == outcome.score


def test_quality_under_torchrun_is_that_of_one(tmp_path, quality):
    words = ["bench", "random", "--samples=101", "--batch-size=1", "--seconds=0", "--threads=1", "--json"]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--no-python"]
    prunarium = Path(sys.executable).with_name("prunarium")
    done = subprocess.run([*torchrun, prunarium, *words, "--records", tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    score = the_one_score(tmp_path, quality)
    (printed,) = json.loads(done.stdout)
    assert printed["state"] == "measured" and score.environment.threads == 1
