"""One cell: its words and command, its key, and what becomes of it: measured, there, or failed."""

import pickle
import shlex
from dataclasses import replace
from typing import ClassVar

import pytest
import timm
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from prunarium import PrunariumError
from prunarium.bench import records
from prunarium.bench.budgets import check_budget
from prunarium.bench.cells import Cell, as_cell, do, prepare, yaml_words
from prunarium.cli.values import parse_parameters, parse_setting
from prunarium.families import VitMethod
from prunarium.records.natural_key import natural_key_of

QUICK = {"samples": 16, "seconds": 0, "batch_sizes": (2,)}
TOME = Cell(method="tome", parameters={"r": 4}, benchmark="cluttered-digits", **QUICK)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("records")


@pytest.fixture(scope="module")
def measured(root):
    outcome = do(TOME, root)
    assert outcome.state == "measured", outcome.error
    return outcome


def test_a_measured_cell_is_kept_under_its_key(root, measured):
    score = measured.score
    assert measured.path == root / "methods" / "tome" / "measured" / f"cluttered-digits-{score.key}.json"
    assert records.read_score(measured.path) == score
    assert score.key == natural_key_of(score) == prepare(TOME, root).run.key
    assert [path.name for path in measured.path.parent.iterdir()] == [measured.path.name], "no lock, nothing partial"


def test_a_score_that_is_there_is_not_measured_again(root, measured):
    before = measured.path.stat()
    again = do(TOME, root)
    assert (again.state, again.score, again.path) == ("there", measured.score, measured.path)
    assert measured.path.stat() == before
    anew = do(TOME, root, again=True)
    assert (anew.state, anew.path) == ("measured", measured.path)
    assert measured.path.stat().st_mtime_ns > before.st_mtime_ns
    assert anew.score.quality == measured.score.quality and anew.score.cost == measured.score.cost


@pytest.mark.parametrize(
    "spoil, said",
    [
        (lambda text: text[:200], "is not JSON"),
        (lambda text: "", "is not JSON"),
        (lambda text: text.replace('"seed": 0', '"seed": "0"'), "seed"),
        (lambda text: text.replace('"seed": 0', '"seed": 7'), "changed by hand or renamed"),
        (
            lambda text: text.replace('"schema_version": 2', '"schema_version": 1'),
            "is of schema version 1, older than 2",
        ),
    ],
    ids=["cut off", "empty", "wrong type", "other run", "older schema"],
)
def test_a_corrupt_record_is_told_and_measured_again(root, measured, spoil, said):
    spoilt = spoil(measured.path.read_text())
    measured.path.write_text(spoilt)
    with pytest.raises(records.CorruptRecordError, match=said):
        records.read_score(measured.path)
    outcome = do(TOME, root)
    assert outcome.state == "measured"
    assert str(measured.path) in outcome.note and outcome.note.endswith("; measured again")
    assert records.read_score(measured.path).quality == measured.score.quality


def test_a_record_of_a_newer_schema_is_left_alone(root, measured):
    whole = measured.path.read_text()
    newer = whole.replace('"schema_version": 2', '"schema_version": 3')
    measured.path.write_text(newer)
    outcome = do(TOME, root, again=True)
    assert outcome.state == "failed" and "is of schema version 3, newer than 2" in outcome.error
    assert measured.path.read_text() == newer
    measured.path.write_text(whole)


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "methods").write_text("a file where a folder should be")
    outcome = do(TOME, tmp_path)
    assert outcome.state == "failed" and "cannot be written" in outcome.error


BAD = {
    "unknown method": ({"method": "tme"}, "there is no method 'tme' (did you mean 'tome'?)"),
    "unknown parameter": ({"parameters": {"q": 1}}, "tome has no parameter 'q'"),
    "unknown benchmark": ({"benchmark": "cluttered"}, "did you mean 'cluttered-digits'"),
    "other family": ({"benchmark": "digit-grid"}, "ToMe does not work on Llava"),
    "no such device": ({"device": "toaster"}, "there is no such device"),
    "budget and its parameter": ({"budget": 0.5}, "--budget finds r by itself"),
    "too many samples": ({"samples": 10**9}, "--samples"),
}


@pytest.mark.parametrize("changes, said", BAD.values(), ids=BAD)
def test_a_fault_of_the_cell_is_an_outcome(tmp_path, changes, said):
    outcome = do(TOME.model_copy(update=changes), tmp_path)
    assert outcome.state == "failed" and said in outcome.error
    assert "\n" not in outcome.error
    assert list(tmp_path.iterdir()) == []


def test_what_a_method_raises_is_an_outcome(tmp_path, method_folder):
    folder = method_folder("raises", "raise RuntimeError('two\\nlines')")
    outcome = do(TOME.model_copy(update={"method": str(folder), "parameters": {}}), tmp_path)
    assert (outcome.state, outcome.error) == ("failed", "RuntimeError: two lines")


def test_a_seed_is_the_lot_of_a_method_that_draws_lots(tmp_path):
    cell = Cell(method="random", benchmark="cluttered-digits", seed=3, **QUICK)
    drawn = prepare(cell, tmp_path)
    assert drawn.run.method.seed == 3
    assert prepare(cell.model_copy(update={"parameters": {"seed": 5}}), tmp_path).run.method.seed == 5
    keys = {prepare(cell.model_copy(update={"seed": seed}), tmp_path).run.key for seed in (0, 1, 2)}
    assert len({drawn.run.key, *keys}) == 4
    checksum = drawn.run.workload.data.checksum()
    assert checksum == prepare(cell.model_copy(update={"seed": 0}), tmp_path).run.workload.data.checksum()


def test_threads_and_batch_sizes_make_another_cell(tmp_path):
    threads = torch.get_num_threads()
    try:
        changes = ({}, {"threads": threads + 1}, {"batch_sizes": (3,)}, {"samples": 17}, {"parameters": {"r": 5}})
        keys = {prepare(TOME.model_copy(update=change), tmp_path).run.key for change in changes}
        assert len(keys) == len(changes)
    finally:
        torch.set_num_threads(threads)


def test_batch_sizes_are_a_set():
    cell = Cell(method="tome", batch_sizes=(64, 1, 64))
    assert cell.batch_sizes == (1, 64) and cell == Cell(method="tome", batch_sizes=(1, 64))


def test_threads_are_those_where_the_cell_was_made(tmp_path):
    """Whoever measures it, with however many threads of its own: a worker of Ray or SLURM, or this process."""
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(threads + 1)
        cell = pickle.loads(pickle.dumps(TOME.model_copy(update={"threads": Cell(method="tome").threads})))
        torch.set_num_threads(threads)
        prepared = prepare(cell, tmp_path)
        assert torch.get_num_threads() == threads + 1
        assert f"--threads {threads + 1}" in prepared.run.command
    finally:
        torch.set_num_threads(threads)


def test_the_picture_of_a_cell_is_in_its_key_and_record(tmp_path):
    pictures = [tmp_path / "red.png", tmp_path / "blue.png"]
    for path, colour in zip(pictures, ("red", "blue"), strict=True):
        Image.new("RGB", (30, 30), colour).save(path)
    torch.save(timm.create_model("vit_tiny_patch16_224").state_dict(), tmp_path / "vit.pth")
    cell = Cell(method="tome", model="vit_tiny_patch16_224", checkpoint=tmp_path / "vit.pth", batch_sizes=(1,))
    red, blue, noise = (prepare(cell.model_copy(update={"image": image})) for image in (*pictures, None))
    assert len({red.run.key, blue.run.key, noise.run.key}) == 3
    assert red.run.workload.data_checksum != blue.run.workload.data_checksum
    assert noise.run.workload.data_checksum is None
    score = prepare(cell.model_copy(update={"image": pictures[0], "seconds": 0})).measure()
    assert score.data_checksum == red.run.workload.data_checksum and score.key == natural_key_of(score) == red.run.key


@pytest.mark.parametrize("miss, fails", [(0.009, False), (-0.009, False), (0.011, True), (-0.011, True)])
def test_a_run_that_missed_the_budget_is_no_score_of_it(root, measured, miss, fails):
    prepared = prepare(TOME, root)
    wanted = TOME.model_copy(update={"budget": measured.score.cost.budget + miss})
    there = replace(prepared, cell=wanted)  # as if a search had found r=4 for it
    if fails:
        with pytest.raises(PrunariumError, match=r"ToMe\(r=4.* was to keep a budget of .* and kept 0\.785, "):
            there.measure()
    else:
        assert there.measure().cost == measured.score.cost


def test_a_method_that_follows_the_data_may_miss_by_twice_as_much():
    class Adaptive(VitMethod):
        adaptive: ClassVar[bool] = True

        def reduce(self, tokens, attention, block):
            return tokens

    check_budget(Adaptive(), 0.5, 0.519)
    with pytest.raises(PrunariumError, match=r"kept 0\.521, more than 0\.02 off"):
        check_budget(Adaptive(), 0.5, 0.521)


def test_the_command_of_a_cell(tmp_path):
    threads = f"--threads {torch.get_num_threads()}"
    assert Cell(method="tome").command() == f"prunarium run tome {threads}"
    cell = Cell(
        method="evit",
        parameters={"keep_rate": 0.5, "blocks": [3, 6]},
        model="deit_small_patch16_224",
        checkpoint=tmp_path / "a b.pth",
        batch_sizes=(1, 8),
        seconds=1,
    )
    assert shlex.split(cell.command()) == [
        *("prunarium", "run", "evit", "--param", "keep_rate=0.5", "--param", "blocks=[3, 6]"),
        *("--model", "deit_small_patch16_224", "--checkpoint", str(tmp_path / "a b.pth"), *threads.split()),
        *("--seconds", "1.0"),
        *("--batch-size", "1", "--batch-size", "8"),
    ]
    assert str(cell) == "evit keep_rate=0.5 blocks=[3, 6] on deit_small_patch16_224, seed 0"
    assert str(Cell(method="tome", budget=0.5, benchmark="cluttered-digits", seed=2)) == (
        "tome budget=0.5 on cluttered-digits, seed 2"
    )


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)


@given(st.lists(SCALARS | st.lists(SCALARS, max_size=3), min_size=1, max_size=4))
def test_values_are_read_as_they_were_written(values):
    assert parse_parameters([f"name={yaml_words(values)}"]) == {"name": values}
    if len(values) > 1:
        with pytest.raises(PrunariumError, match="'prunarium bench' measures several"):
            parse_setting([f"name={yaml_words(values)}"])


def test_a_cell_of_values_that_are_none():
    assert as_cell(method="tome", seconds=None, seed=1) == Cell(method="tome", seed=1)
    with pytest.raises(PrunariumError, match="--precision is 'float33', which is not a choice"):
        as_cell(method="tome", precision="float33")
    for changes, said in (
        ({"seed": -1}, "--seed is -1; it must be at least 0"),
        ({"seed": 99999999999999999999}, "--seed is 99999999999999999999; it must be less than 4294967296"),
        ({"seconds": float("nan")}, "--seconds is nan; write a finite number"),
        ({"seconds": float("inf")}, "--seconds is inf; write a finite number"),
    ):
        with pytest.raises(PrunariumError, match=said):
            as_cell(method="random", **changes)
