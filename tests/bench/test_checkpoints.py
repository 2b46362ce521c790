"""Weights from files, from the hub's folder on this machine, and from the hub on the user's word alone."""

import hashlib
import os
import subprocess
import sys

import pytest
import timm
import torch
from safetensors.torch import save_file
from timm.models import save_for_hf

from prunarium import PrunariumError
from prunarium.bench import checkpoints
from prunarium.bench.environment import weights_hash
from prunarium.records import MeasuredScore
from tests.bench.digit_folders import MODEL, make_folder, peaked_vit

NAME = "test_vit.r160_in1k"
COMMIT = "0" * 40
QUICK = ("--seconds", "0", "--batch-size", "1", "--json")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """The same three classes in every form that a checkpoint comes in."""
    place, model = tmp_path_factory.mktemp("weights"), peaked_vit(3)
    state = model.state_dict()
    torch.save(state, place / "plain.pth")
    torch.save(
        {"epoch": 3, "state_dict": {f"module.{name}": value for name, value in state.items()}}, place / "run.tar"
    )
    save_file(state, place / "model.safetensors")
    described = {"label_names": ["no", "yes", "perhaps"], "pretrained_cfg": {"mean": (0.1, 0.2, 0.3)}}
    save_for_hf(model, place / "folder", described, safe_serialization=True)
    return place


def made(folder):
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("form", ["plain.pth", "run.tar", "model.safetensors", "folder"])
def test_every_form_gives_the_same_model(weights, form):
    model = checkpoints.with_checkpoint(MODEL, weights / form)
    assert model.num_classes == 3
    assert weights_hash(model) == weights_hash(peaked_vit(3))


def test_a_folder_says_how_images_are_normalised_and_names_its_classes(weights):
    model = checkpoints.with_checkpoint(MODEL, weights / "folder")
    assert tuple(timm.data.resolve_model_data_config(model)["mean"]) == (0.1, 0.2, 0.3)
    assert model.pretrained_cfg["label_names"] == ["no", "yes", "perhaps"]


def refuses(words, name, path):
    with pytest.raises(PrunariumError) as refused:
        checkpoints.with_checkpoint(name, path)
    assert "\n" not in str(refused.value) and words in str(refused.value)


def test_checkpoints_of_other_models_say_what_differs(weights, tmp_path):
    torch.save(timm.create_model("test_resnet").state_dict(), tmp_path / "resnet.pth")
    refuses("does not fit test_vit, it is of another model: it lacks ", MODEL, tmp_path / "resnet.pth")
    refuses("; it has bn1.bias, bn1.num_batches_tracked, ", MODEL, tmp_path / "resnet.pth")
    larger = timm.create_model(MODEL, img_size=224).state_dict()
    torch.save(larger, tmp_path / "larger.pth")
    refuses("its pos_embed is [1, 197, 64], the model's [1, 101, 64]", MODEL, tmp_path / "larger.pth")
    refuses("does not fit test_vit2: its config.json is of test_vit", "test_vit2", weights / "folder")


def test_files_that_are_no_checkpoints(tmp_path):
    refuses("no.pth: there is no such checkpoint", MODEL, tmp_path / "no.pth")
    refuses("model.safetensors: there is no such checkpoint", MODEL, tmp_path)
    save_file({"head.weight": torch.zeros(3, 64)}, tmp_path / "model.safetensors")
    refuses("holds no config.json of a timm model", MODEL, tmp_path)
    for name, content in (("text.pth", b"hello"), ("empty.pth", b""), ("x.safetensors", b"{}")):
        (tmp_path / name).write_bytes(content)
        refuses(f"{name}: is not a checkpoint that can be read", MODEL, tmp_path / name)
    torch.save([1, 2], tmp_path / "list.pth")
    refuses("list.pth: is not a checkpoint that can be read", MODEL, tmp_path / "list.pth")
    torch.save({"epoch": 1}, tmp_path / "dict.pth")
    refuses("dict.pth: is not a checkpoint that can be read", MODEL, tmp_path / "dict.pth")


@pytest.fixture
def data(tmp_path):
    return make_folder(tmp_path / "val")


def run_imagenet(data, *words, hub="http://127.0.0.1:9"):
    place = data.parent
    asked = ("--benchmark", "imagenet", "--model", NAME, "--data", str(data))
    return subprocess.run(
        [sys.executable, "-m", "prunarium", "run", "identity", *asked, *QUICK, *words],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=place,
        env={**os.environ, "HF_HOME": str(place / "hf"), "HF_ENDPOINT": hub, "TORCH_HOME": str(place / "torch")},
    )


def test_no_weights_says_what_to_fetch_and_where_to_put_it(data):
    done = run_imagenet(data)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith(
        f"error: the pretrained weights of {NAME} are not on this machine: give --download, or fetch"
    )
    assert f"/timm/{NAME}/resolve/main/model.safetensors and give it as --checkpoint" in line
    assert str(data.parent / "hf" / "hub") in line
    assert not (data.parent / "hf" / "hub").exists(), "nothing was fetched"


def test_weights_on_this_machine_are_used(data):
    repository = made(data.parent / "hf" / "hub" / f"models--timm--{NAME}" / "refs").parent
    (repository / "refs" / "main").write_text(COMMIT)
    model = peaked_vit(1000)
    save_file(model.state_dict(), made(repository / "snapshots" / COMMIT) / "model.safetensors")
    done = run_imagenet(data)
    assert done.returncode == 0, done.stderr
    assert MeasuredScore.model_validate_json(done.stdout).weights == weights_hash(model)


@pytest.mark.slow
def test_download_is_done_on_the_users_word(data, httpserver, tmp_path):
    model = peaked_vit(1000)
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    content = (tmp_path / "model.safetensors").read_bytes()
    headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha256(content).hexdigest()}"'}
    httpserver.expect_request(f"/timm/{NAME}/resolve/main/model.safetensors").respond_with_data(
        content, headers=headers, content_type="application/octet-stream"
    )
    hub = httpserver.url_for("").rstrip("/")
    done = run_imagenet(data, "--download", hub=hub)
    assert done.returncode == 0, done.stderr
    assert MeasuredScore.model_validate_json(done.stdout).weights == weights_hash(model)
    asked = len(httpserver.log)
    assert run_imagenet(data, "--download", hub=hub).returncode == 0
    assert len(httpserver.log) == asked, "what is here is not fetched again"


def test_a_download_that_fails_says_so(data):
    done = run_imagenet(data, "--download")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.strip().splitlines()
    assert "give it as --checkpoint" in line and "downloading failed" in line
