"""What methods are trained on, and what of a vision-language model is trained: with random weights in its place."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from prunarium import PrunariumError, load
from tests.script_modules import script, untrained_task


@pytest.fixture(scope="module")
def training():
    return script("train_method")


@pytest.fixture(scope="module")
def task(training, tmp_path_factory):
    return untrained_task(training, "vlm", tmp_path_factory.mktemp("weights"))


@torch.inference_mode()
def test_every_word_is_asked_with_those_before_it_given(task):
    model, (inputs, words) = task.benchmark.model(), task.make(3, 5, None)
    logits = task.logits(model, inputs, words)
    assert logits.shape[:2] == words.shape == (3, 3)
    ids = inputs["input_ids"]
    for number in range(3):
        one = model(**{**inputs, "input_ids": torch.cat([ids, words[:, :number]], dim=1)}).logits[:, -1]
        assert (one - logits[:, number]).abs().max() < 1e-5


def test_an_answer_is_right_where_every_word_is(task):
    inputs, words = task.make(3, 5, None)
    said = words.clone()
    said[1, 1] += 1
    saying = replace(task, logits=lambda model, inputs, labels: torch.nn.functional.one_hot(said).float())
    assert saying.right(torch.nn.Identity(), (inputs, words)).tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("name", "only", "held"),
    [
        ("victor", None, {"parts.tokens"}),
        (
            "deco",
            ["multi_modal_projector.linear_1"],
            {"model.model.multi_modal_projector.linear_1." + end for end in ("weight", "bias")},
        ),
    ],
)
def test_what_learns_and_is_written(training, task, tmp_path, name, only, held):
    model, path = task.benchmark.model(), tmp_path / "trained.safetensors"
    before = {key: value.clone() for key, value in model.state_dict().items()}
    backbone = training.weights_of(model, only) if only else []
    batch = task.make(4, 5, None)
    method = training.untrained(name, {})
    trained = training.fine_tune(
        method, model, task, lambda step: batch, steps=2, rate=1e-2, backbone=backbone, amounts=(0.2, 0.4)
    )
    moved = {key for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    assert {f"model.{key}" for key in moved} == {key for key in held if key.startswith("model.")}
    training.save(trained, model, backbone, path)
    assert set(load_file(path)) == held
    assert path.stat().st_size < 200_000
    fresh = task.benchmark.model()
    parts = {"weights": str(path)} if "parts.tokens" in held else {}
    method = load(name, **parts)
    with (method.trained(path) if only else method).apply(fresh):
        for key in moved:
            assert torch.allclose(fresh.state_dict()[key], model.state_dict()[key], atol=1e-3)
    assert all(torch.equal(value, before[key]) for key, value in fresh.state_dict().items())


def test_names_that_no_weight_has(training, task):
    with pytest.raises(PrunariumError, match="no weight of the model has 'projektor' in its name"):
        training.weights_of(task.benchmark.model(), ["lm_head", "projektor"])
