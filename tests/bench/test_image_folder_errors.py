"""Folders and models that do not fit: refused in one line that names the fault, before anything is measured."""

from types import SimpleNamespace

import pytest
import torch
from timm.data import ImageNetInfo

from prunarium import PrunariumError
from prunarium.bench import image_folder
from prunarium.bench.workloads import workload_for
from tests.bench.digit_folders import MODEL, SYNSETS, make_folder, peaked_vit

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "three.pth"
    torch.save(peaked_vit(3).state_dict(), path)
    return path


def refuses(words, **given):
    with pytest.raises(PrunariumError) as refused:
        workload_for(**{"benchmark": "image-folder", "model": MODEL, **given})
    assert "\n" not in str(refused.value)
    assert words in str(refused.value)


def head(classes, **config):
    return SimpleNamespace(num_classes=classes, pretrained_cfg=config)


def test_folders_that_are_none(tmp_path, checkpoint):
    refuses(f"--data {tmp_path}/no: there is no such folder", data=tmp_path / "no", checkpoint=checkpoint)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "flat.png").write_bytes(b"")
    refuses(f"--data {tmp_path}: holds no class folders; put the images", data=tmp_path, checkpoint=checkpoint)


def test_a_class_without_images(tmp_path, checkpoint):
    data = make_folder(tmp_path, ["a", "b"])
    (data / "c").mkdir()
    (data / "c" / "notes.txt").write_text("no picture")
    refuses(f"{data}: no images in class folder c; images end in .jpg, ", data=data, checkpoint=checkpoint)


@pytest.mark.parametrize("few", [64, 0], ids=["here", "in reading processes"])
def test_an_unreadable_image_is_named(tmp_path, checkpoint, few, monkeypatch):
    monkeypatch.setattr(image_folder, "FEW", few)
    data = make_folder(tmp_path, ["a", "b", "c"])
    (data / "b" / "2.png").write_bytes((data / "b" / "2.png").read_bytes()[:60])
    work = workload_for("image-folder", MODEL, checkpoint, data)
    with pytest.raises(PrunariumError) as refused:
        list(work.data.batches(5, CPU))
    assert str(refused.value) == f"{data / 'b' / '2.png'}: is not an image that can be read; give a PNG or JPEG file"


def test_another_number_of_classes(tmp_path, checkpoint):
    data = make_folder(tmp_path, ["train", "val"])
    refuses("has 2 class folders (train, val), the model has 3 classes", data=data, checkpoint=checkpoint)


def test_imagenet_needs_its_classes(tmp_path, checkpoint):
    data = make_folder(tmp_path / "data", [*SYNSETS[:2], "n00000000"])
    refuses("needs a model with the classes of ImageNet", benchmark="imagenet", data=data, checkpoint=checkpoint)
    torch.save(peaked_vit(1000).state_dict(), tmp_path / "thousand.pth")
    words = "class folder n00000000 is none of the model's imagenet-1k classes"
    refuses(words, benchmark="imagenet", data=data, checkpoint=tmp_path / "thousand.pth")


def test_larger_heads_know_only_their_own_classes(tmp_path):
    thousand = ImageNetInfo().label_names()
    with pytest.raises(PrunariumError, match="and 4 more is none of the model's imagenet-12k classes"):
        image_folder.by_wordnet_id(tmp_path, thousand, head(11821))
    some = image_folder.by_wordnet_id(tmp_path, thousand[:10], head(21841))
    info = ImageNetInfo("imagenet-22k")
    assert [info.index_to_label_name(some.numbers[name]) for name in thousand[:10]] == thousand[:10]
    assert some.note == "the data have 10 of the model's 21841 classes; answers count among all of them"


def test_names_in_the_models_configuration_decide(tmp_path):
    model = head(3, label_names=["zebra", "ant", "cat"])
    assert image_folder.by_name(tmp_path, ["ant", "cat", "zebra"], model).numbers == {"zebra": 0, "ant": 1, "cat": 2}
    with pytest.raises(PrunariumError, match="class folder dog is none of the classes that the model's configuration"):
        image_folder.by_name(tmp_path, ["ant", "dog"], model)


def test_timms_order_and_where_it_differs(tmp_path):
    assert image_folder.by_name(tmp_path, ["a", "b"], head(2)).note == ""
    counted = image_folder.by_name(tmp_path, ["1", "10", "2"], head(3))
    assert counted.numbers == {"1": 0, "2": 1, "10": 2}
    assert "class 1 is taken to be '2', as timm numbers folders" in counted.note
    assert "ImageFolder makes it '10'" in counted.note


@pytest.mark.parametrize(
    "words, given",
    [
        ("image-folder needs --model and --data", {"model": None}),
        ("image-folder needs --model and --data", {"data": None}),
        ("--image must be left out: image-folder has its own images", {"image": "x.png"}),
        ("--data need --benchmark imagenet or image-folder", {"benchmark": None}),
        ("--model and --data must be left out: cluttered-digits comes with its own", {"benchmark": "cluttered-digits"}),
    ],
)
def test_options_that_do_not_go_together(words, given, tmp_path):
    refuses(words, **{"data": tmp_path, **given})


def test_samples_need_a_benchmark():
    refuses("--samples need --benchmark", benchmark=None, samples=3)
