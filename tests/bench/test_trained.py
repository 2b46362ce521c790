"""Models that were trained with a method: lent for the time of a run, recorded as such, told apart from others."""

import shutil

import pytest
import torch
from safetensors.torch import save_file

from prunarium import PrunariumError, load
from prunarium.bench.benchmarks import find_benchmark
from prunarium.bench.cells import Cell, prepare
from prunarium.bench.conditions import LEARNED, OFF_THE_SHELF, TRAINED, condition_of
from prunarium.bench.environment import weights_hash
from prunarium.bench.verification import Again, verify
from prunarium.paths import root


@pytest.fixture
def folder(tmp_path):
    """EViT's folder with a model in it that was, let us say, trained with it."""
    path = tmp_path / "evit"
    shutil.copytree(root() / "methods" / "evit", path, ignore=shutil.ignore_patterns("measured", "weights"))
    (path / "weights").mkdir()
    state = find_benchmark("cluttered-digits").model().state_dict()
    draw = torch.Generator().manual_seed(0)
    state = {f"model.{name}": value + 0.01 * torch.randn(value.shape, generator=draw) for name, value in state.items()}
    save_file(state, path / "weights" / "cluttered-digits-trained.safetensors")
    return path


def cell(folder, trained=True):
    return Cell(
        method=str(folder),
        parameters={"keep_rate": 0.5},
        benchmark="cluttered-digits",
        samples=200,
        seconds=0,
        batch_sizes=(2,),
        trained=trained,
    )


def test_a_trained_model_is_recorded_and_told_apart(folder):
    prepared = prepare(cell(folder))
    model = prepared.run.workload.model
    before = weights_hash(model)
    score, plain = prepared.measure(), prepare(cell(folder, trained=False)).measure()
    assert weights_hash(model) == before == plain.weights
    assert score.trained and not plain.trained
    assert score.weights not in (before, plain.weights)
    assert score.key != plain.key
    assert score.quality.answers_baseline == plain.quality.answers_baseline, "the untouched model is the shipped one"
    assert score.quality.answers != plain.quality.answers
    assert (condition_of(score).training, condition_of(plain).training) == (TRAINED, OFF_THE_SHELF)
    assert "--trained" in score.command.split()
    found = verify(str(folder), folder / "measured" / "a.json", score, Again(seconds=0))
    assert found.verdict == "passed", found
    save_file({"model.norm.weight": torch.ones(64)}, folder / "weights" / "cluttered-digits-trained.safetensors")
    assert verify(str(folder), folder / "a.json", score, Again(seconds=0)).verdict == "skipped"


def test_learned_parts_are_recorded_and_told_apart():
    parameters = {"weights": "random", "keep_rate": 0.5}
    learned = cell("dynamicvit", trained=False).model_copy(update={"parameters": parameters})
    score = prepare(learned).measure()
    assert score.learned and not score.trained
    assert condition_of(score).training == LEARNED


def test_learned_parts_are_counted_on_shapes():
    parameters = {"weights": "random", "keep_rate": 0.7}
    counted = Cell(method="dynamicvit", parameters=parameters, model="deit_tiny_patch16_224", device="meta")
    score = prepare(counted).measure()
    assert score.cost.macs < score.cost.macs_baseline
    assert score.learned is None


def test_what_is_not_there_is_said(folder):
    shutil.rmtree(folder / "weights")
    with pytest.raises(PrunariumError, match=r"holds no model trained with the method; scripts/train_method\.py"):
        prepare(cell(folder))
    model = find_benchmark("cluttered-digits").model()
    for name, shape in (("neck.weight", 64), ("norm.weight", 3)):
        weights = {"norm.bias": torch.ones(64), name: torch.ones(shape)}
        with pytest.raises(PrunariumError, match=f"are of another model than this VisionTransformer: {name}"):
            load("evit").trained(weights).apply(model)
        load("evit").apply(model).remove()  # it was taken out again


def test_a_part_of_a_model_is_lent_and_the_rest_stays():
    model = find_benchmark("cluttered-digits").model()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with load("evit").trained({"norm.weight": torch.full((64,), 7.0)}).apply(model) as handle:
        assert handle.lends
        lent = model.state_dict()
        assert (lent["norm.weight"] == 7).all()
        assert all(torch.equal(lent[name], value) for name, value in before.items() if name != "norm.weight")
    assert all(torch.equal(model.state_dict()[name], value) for name, value in before.items())
