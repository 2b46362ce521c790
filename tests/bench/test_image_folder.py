"""``imagenet`` and ``image-folder``: quality on files is what timm's own evaluation finds, and the same each time."""

import os
from dataclasses import replace
from types import SimpleNamespace

import pytest
import timm
import torch
from safetensors.torch import save_file
from timm.data import create_dataset, create_loader, resolve_model_data_config
from timm.utils import accuracy

from prunarium import PrunariumError, load
from prunarium.bench import image_folder, quality
from prunarium.bench.cells import Cell, do
from prunarium.bench.run import Run
from prunarium.bench.workloads import workload_for
from prunarium.registry import find_card
from tests.bench.digit_folders import EACH, MODEL, SYNSETS, make_folder, peaked_vit, teach, wanted_scores

CPU = torch.device("cpu")
RANKS = [0] * 9 + [2, 4, 7]  # of the right answer, by image: 9 of 12 are best, 11 are among the best five


@pytest.fixture(scope="module")
def imagenet(tmp_path_factory):
    """A part of ImageNet in small, and a checkpoint with 1000 classes."""
    place = tmp_path_factory.mktemp("imagenet")
    return taught(place, make_folder(place / "val"), "imagenet", 1000, RANKS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of three classes, and a checkpoint with three."""
    place = tmp_path_factory.mktemp("folder")
    return taught(place, make_folder(place / "digits", ["one", "Two", "zero"]), "image-folder", 3, [0] * 10 + [1, 2])


def taught(place, data, benchmark, classes, ranks):
    model, checkpoint = peaked_vit(classes), place / "vit.safetensors"
    save_file(model.state_dict(), checkpoint)
    given = {"benchmark": benchmark, "model": MODEL, "checkpoint": checkpoint, "data": data}
    made = workload_for(**given)
    images = made.data.batch(0, len(made.data), CPU)["images"]
    save_file(teach(model, images, wanted_scores(made.data.labels, classes, ranks)).state_dict(), checkpoint)
    return given


def measure(given, method="identity", **parameters):
    card, work = find_card(method), workload_for(**given)
    return Run(card, load(method, **parameters), work, f"prunarium run {method}", (2,), 0).measure()


def evaluate_with_timm(given, class_map, ranks):
    """Top-k of each rank, in percent: timm's dataset, loader and accuracy, as its validate.py puts them together."""
    model = timm.create_model(MODEL, checkpoint_path=str(given["checkpoint"]), num_classes=given.get("classes", 1000))
    config = resolve_model_data_config(model.eval())
    dataset = create_dataset("", root=str(given["data"]), class_map=class_map)
    loader = create_loader(
        dataset,
        input_size=config["input_size"],
        batch_size=5,
        use_prefetcher=False,
        interpolation=config["interpolation"],
        mean=config["mean"],
        std=config["std"],
        crop_pct=config["crop_pct"],
        crop_mode=config["crop_mode"],
        num_workers=0,
        device=CPU,
    )
    right = torch.zeros(len(ranks))
    with torch.inference_mode():
        for images, target in loader:
            right += torch.tensor([float(share) for share in accuracy(model(images), target, topk=ranks)]) * len(images)
    return (right / len(dataset)).tolist()


def test_top_1_and_top_5_are_those_of_timms_own_evaluation(imagenet):
    score = measure(imagenet)
    numbers = dict(zip(SYNSETS, (0, 281, 999), strict=True))
    top_1, top_5 = score.quality, score.other_quality[0]
    assert (top_1.metric, top_5.metric, top_1.samples) == ("top-1", "top-5", 12)
    assert (top_1.baseline, top_5.baseline) == (0.75, round(11 / 12, 6)), "what the head was solved for"
    expected = evaluate_with_timm(imagenet, numbers, (1, 5))
    assert [100 * top_1.baseline, 100 * top_5.baseline] == pytest.approx(expected, abs=1e-3)
    assert score.benchmark == "imagenet" and score.model == MODEL


def test_image_folder_numbers_classes_as_timm_does(folder):
    score = measure(folder)
    assert score.quality.baseline == round(10 / 12, 6)
    assert score.other_quality == [], "top-5 of three classes says nothing"
    assert [100 * score.quality.baseline] == pytest.approx(evaluate_with_timm({**folder, "classes": 3}, None, (1,)))
    assert workload_for(**folder).warning.startswith("class 0 is taken to be 'one', as timm numbers folders")


def test_identity_changes_nothing_and_the_record_says_what_ran(imagenet):
    one, again = measure(imagenet), measure(imagenet)
    assert one.quality.method == one.quality.baseline
    assert one.cost.macs == one.cost.macs_baseline
    assert one.data_checksum == workload_for(**imagenet).data.checksum()
    assert one.weights.startswith("sha256:")
    for same in ("key", "quality", "other_quality", "cost", "data_checksum", "weights"):
        assert getattr(one, same) == getattr(again, same)


def test_a_cell_is_measured_once_and_found_again(folder, tmp_path):
    cell = Cell(
        method="tome", parameters={"r": 8}, samples=6, seconds=0, batch_sizes=(1,), precision="bfloat16", **folder
    )
    first, second = do(cell, tmp_path), do(cell, tmp_path)
    assert (first.state, second.state) == ("measured", "there"), first.error
    assert second.score == first.score and first.score.quality.samples == 6
    assert first.score.environment.precision == "bfloat16"


def test_a_method_reduces(imagenet):
    score = measure(imagenet, "tome", r=8)
    assert score.cost.tokens_baseline == [101] * 6
    assert score.cost.tokens == [93, 85, 77, 69, 61, 53]
    assert score.cost.macs < score.cost.macs_baseline
    assert 0 <= score.quality.method <= 1


@pytest.mark.parametrize("method", [None, load("tome", r=8)], ids=["untouched", "tome"])
def test_batches_change_no_answer(imagenet, method):
    work = workload_for(**imagenet)
    whole = quality.answer(work, method)
    parts = quality.answer(replace(work, batch=5), method)
    assert (whole.said == parts.said).all() and whole.said.shape == (12, 5)


def test_reading_ahead_in_processes_gives_the_same_images(imagenet, monkeypatch):
    data = workload_for(**imagenet).data
    alone = list(data.batches(5, CPU))
    monkeypatch.setattr(image_folder, "FEW", 0)
    ahead = list(data.batches(5, CPU))
    assert [len(batch["images"]) for batch in ahead] == [5, 5, 2]
    for one, other in zip(alone, ahead, strict=True):
        assert torch.equal(one["images"], other["images"])
    assert torch.equal(data.batch(5, 5, CPU)["images"], alone[1]["images"])
    assert torch.equal(data.batch(11, 2, CPU)["images"][1], alone[0]["images"][0]), "from the beginning again"


def test_fewer_samples_are_the_first_of_the_same_order(folder):
    every, some = workload_for(**folder).data, workload_for(**folder, samples=5).data
    assert len(every) == 3 * EACH and some.names == every.names[:5]
    assert torch.equal(some.labels, every.labels[:5])
    assert every.names != sorted(every.names) and sorted(every.names)[0] == "Two/0.png"
    assert some.checksum() != every.checksum()
    for wrong in (0, 13):
        with pytest.raises(PrunariumError, match=f"--samples {wrong}: .*has 12; give a number from 1 to 12"):
            workload_for(**folder, samples=wrong)


def test_checksum_is_of_content_and_place_not_of_time(tmp_path):
    first, copy = (make_folder(tmp_path / name, ["a", "b"]) for name in ("first", "copy"))
    os.utime(copy / "a" / "0.png", (1, 1))
    checksums = [checksum_of(first), checksum_of(copy)]
    assert checksums[0] == checksums[1]
    (copy / "a" / "0.png").write_bytes((copy / "a" / "2.png").read_bytes())
    (first / "a" / "0.png").rename(first / "a" / "00.png")
    assert len({checksums[0], checksum_of(first), checksum_of(copy)}) == 3


def checksum_of(folder):
    model = SimpleNamespace(num_classes=2, pretrained_cfg={})
    return image_folder.read_folder(folder, image_folder.by_name, model, None)[0].checksum()


def test_pictures_are_what_the_model_sees(imagenet):
    data = workload_for(**imagenet).data
    picture = data.images[0]
    assert picture.shape == (160, 160, 3) and picture.dtype == "uint8" and picture.std() > 10
    assert data.captions[0] in SYNSETS and len(data.captions) == 12


def test_lower_precision_keeps_weights_and_nearly_the_answers(imagenet):
    whole, rounded = workload_for(**imagenet), workload_for(**imagenet, precision="bfloat16")
    assert rounded.weights == measure(imagenet).weights, "the same weights, rounded"
    scores = [work.answer(work.model, work.data.batch(0, 4, CPU)) for work in (whole, rounded)]
    assert scores[1].dtype == torch.float32
    assert not torch.equal(*scores) and torch.allclose(*scores, atol=1)
    with load("tome", r=8).apply(rounded.model) as handle:
        rounded.answer(rounded.model, rounded.data.batch(0, 4, CPU))
        assert handle.report().tokens_out[-1] == 53
