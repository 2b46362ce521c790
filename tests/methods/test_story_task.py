"""What methods are trained on in storyworld, with random weights in place of trained ones."""

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
    return untrained_task(training, "decoder", tmp_path_factory.mktemp("weights"))


@torch.inference_mode()
def test_questions_about_a_story_are_answered_as_if_each_were_alone(task):
    model, (inputs, words) = task.benchmark.model(), task.make(2, 5, None)
    logits = task.logits(model, inputs, words)
    stories, questions = inputs["input_ids"], inputs["questions"]
    assert logits.shape[:2] == words.shape == (16, 4) and stories.shape == (2, 252)
    for number in (0, 7, 8, 15):
        ids = torch.cat([stories[number // 8], questions[number], words[number, :-1].clamp(min=0)])
        alone = model(ids.unsqueeze(0), logits_to_keep=4).logits[0]
        assert (alone - logits[number]).abs().max() < 1e-4
    assert len({tuple(question) for question in questions[:8].tolist()}) == 8


def test_nothing_has_to_be_said_after_an_answer(task):
    inputs, words = task.make(2, 5, None)
    silent = words < 0
    assert silent[:, -1].any() and not silent[:, :3].any()
    said = words.masked_fill(silent, 7)
    said[1, 0] += 1
    saying = replace(task, logits=lambda model, inputs, labels: torch.nn.functional.one_hot(said).float())
    assert saying.right(torch.nn.Identity(), (inputs, words)).tolist() == [True, False, *[True] * 14]


@pytest.mark.parametrize("name", ["gist", "icae", "autocompressors"])
def test_soft_tokens_learn_beside_a_frozen_model(training, task, tmp_path, name):
    model, path, batch = task.benchmark.model(), tmp_path / "trained.safetensors", task.make(2, 5, None)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    method = training.untrained(name, {"question": 1, "vectors": 16})
    trained = training.fine_tune(
        method, model, task, lambda step: batch, steps=3, rate=1e-2, backbone=[], amounts=(0.03, 0.06)
    )
    training.save(trained, model, [], path)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    parts = load_file(path)
    with load(name, weights=str(path), vectors=16).apply(model) as handle:
        fresh = dict(method.fit(training.shape_of(method, model)).learned.named_parameters())
        moved = {key for key, value in handle.learned.named_parameters() if not torch.equal(value, fresh[key])}
        assert {f"parts.{key}" for key in moved} == set(parts)
        assert model(batch[0]["input_ids"]).logits.isfinite().all()


def test_training_goes_on_from_what_was_trained(training, task, tmp_path, monkeypatch):
    monkeypatch.setitem(training.TASKS, "decoder", task)
    few = {"param": ["question=1"], "backbone": True, "only": ["q_proj"], "steps": 3, "batch": 2, "check": 2}
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    training.main("gist", out=first, words=64, variants=0, rate=0.1, **few)
    training.main("gist", out=second, words=64, variants=0, start=first, rate=0.0, **few)
    before, after = load_file(first), load_file(second)
    assert set(before) == set(after) and all(torch.equal(value, after[key]) for key, value in before.items())
    untouched = task.benchmark.model().state_dict()
    moved = "model.layers.0.self_attn.q_proj.weight"
    assert not torch.equal(after[f"model.{moved}"], untouched[moved].half())


def test_images_have_no_words(training):
    with pytest.raises(PrunariumError, match="--words is for methods that learn from stories"):
        training.main("dynamicvit", words=64)
