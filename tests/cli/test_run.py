"""``prunarium run`` as a user types it: in a process of its own, and every bad input in one line."""

import json
import subprocess
import sys

import pytest

from prunarium.bench.image_folder import read_image
from prunarium.cli import main
from prunarium.cli.values import parse_setting
from prunarium.records import MeasuredScore


def process(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "prunarium", *words], capture_output=True, text=True, timeout=300, **options
    )


def test_run_on_the_embedded_benchmark(tmp_path):
    done = process("run", "tome", "--param", "r=4", "--seconds", "0", "--picture", str(tmp_path / "tome.png"))
    assert done.returncode == 0, done.stderr
    for words in (
        "ToMe(r=4",
        "accuracy, 2000 samples",
        "MACs per sample",
        "tokens per block: 65 -> 61 57 53 49 45 41",
        "token map:",
    ):
        assert words in done.stdout
    assert read_image(tmp_path / "tome.png").size[0] > 400


def test_json_is_a_score(tmp_path, prunarium):
    words = ("--param", "layer=3", "--budget", "0.5", "--threads", "1", "--seconds", "0", "--samples", "200")
    done = prunarium("run", "fastv", "--json", *words, "--batch-size", "2", "--picture", tmp_path / "p.png")
    assert done.code == 0, done.err
    score = MeasuredScore.model_validate(json.loads(done.out))
    assert score.setting.startswith("FastV(layer=3, drop_rate=0.7")
    assert score.cost.budget == pytest.approx(0.5, abs=0.01)
    assert score.command == (
        f"prunarium run fastv --param layer=3 --budget 0.5 --threads {score.environment.threads} --seconds 0.0 "
        "--samples 200 --batch-size 2"
    )
    assert [speed.batch_size for speed in score.speed] == [2]
    assert score.environment.device and score.environment.versions["torch"]


def test_any_timm_model_with_a_local_checkpoint_and_image(tmp_path, prunarium, monkeypatch):
    import timm
    import torch
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    torch.save(timm.create_model("vit_tiny_patch16_224").state_dict(), "vit.pth")
    Image.new("RGB", (300, 200), (200, 30, 30)).save("red.png")
    words = ("--checkpoint", "vit.pth", "--image", "red.png", "--batch-size", "1", "--seconds", "0")
    done = prunarium("run", "evit", "--model", "vit_tiny_patch16_224", *words)
    assert done.code == 0, done.err
    assert "random weights" not in done.err
    assert "tokens per block: 197 -> 197 197 197 140" in done.out
    assert (tmp_path / "build" / "evit-vit_tiny_patch16_224.png").is_file()


def test_random_weights_are_said_loudly(tmp_path):
    done = process(
        *("run", "tome", "--model", "vit_tiny_patch16_224", "--batch-size", "1", "--seconds", "0", "--threads", "1"),
        cwd=tmp_path,
        env={"PATH": "", "HOME": str(tmp_path), "HF_ENDPOINT": "http://127.0.0.1:9"},
    )
    assert done.returncode == 0, done.stderr
    assert "random weights" in done.stderr and "quality is meaningless" in " ".join(done.stderr.split())


BAD = {
    "unknown method": (["tme"], "there is no method 'tme' (did you mean 'tome'?)"),
    "unknown parameter": (["tome", "--param", "q=3"], "tome has no parameter 'q'; its parameters: r, proportional_"),
    "near parameter": (["evit", "--param", "keep_rat=0.5"], "no parameter 'keep_rat' (did you mean 'keep_rate'?)"),
    "r below 0": (["tome", "--param", "r=-1"], "tome: r=-1"),
    "rate above 1": (["evit", "--param", "keep_rate=1.5"], "evit: keep_rate=1.5: input should be less than or equal"),
    "truth for a number": (["tome", "--param", "r=true"], "tome: r=True"),
    "no blocks": (["evit", "--param", "blocks=[]"], "evit: blocks=[]"),
    "a block twice": (["evit", "--param", "blocks=[3, 3]"], "names a block twice"),
    "given twice": (["tome", "--param", "r=3", "--param", "r=4"], "r is given twice"),
    "budget and its parameter": (["tome", "--param", "r=20", "--budget", "0.5"], "--budget finds r by itself"),
    "picture that is none": (["tome", "--picture", "map.bad"], "give the path of a .png or .svg file"),
    "picture on a folder": (["tome", "--picture", "."], "give the path of a .png or .svg file"),
    "empty model": (["tome", "--model", ""], "timm has no model ''"),
    "unknown weights": (["tome", "--model", "vit_tiny_patch16_224.nonsense"], "timm has no weights 'vit_tiny_patch16"),
    "device without data": (
        ["tome", "--device", "meta"],
        "--device meta counts a model's cost on shapes alone: --model is missing",
    ),
    "hasty record": (["tome", "--record", "--seconds", "0"], "a record needs at least --seconds 1"),
    "no value": (["tome", "--param", "r"], "--param r: write it as name=value"),
    "not YAML": (["tome", "--param", "r=[1, 2"], "the value cannot be read"),
    "no such benchmark": (["tome", "--benchmark", "cluttered"], "did you mean 'cluttered-digits'"),
    "benchmark of another family": (["tome", "--benchmark", "digit-grid"], "ToMe does not work on LlavaForConditional"),
    "budget of 0": (["tome", "--budget", "0"], "a budget is above 0 and at most 1, not 0.0"),
    "budget out of reach": (["evit", "--budget", "0.05"], "cannot reach budget 0.05; the nearest it comes is 0."),
    "budget without a knob": (["identity", "--budget", "0.5"], "Identity() cannot reach budget 0.5"),
    "no such device": (["tome", "--device", "cuda:99"], "--device cuda:99: there is no such device here"),
    "another kind of device": (["tome", "--device", "mps"], "--device mps: cannot be measured on; choose cpu, cuda"),
    "no device at all": (["tome", "--device", "toaster"], "--device toaster: there is no such device here"),
    "unknown model": (["tome", "--model", "deit_smal_patch16_224"], "did you mean 'deit_small_patch16_224'"),
    "seed below 0": (["random", "--seed", "-1"], "--seed is -1; it must be at least 0"),
    "seed of a parameter": (["random", "--param", "seed=-1"], "random: seed=-1: input should be greater than or equal"),
    "endless seed": (["random", "--seed", "9" * 20], "it must be less than 4294967296"),
    "endless": (["tome", "--seconds", "inf"], "--seconds is inf; write a finite number"),
    "image without model": (["tome", "--image", "x.png"], "need --model"),
    "no checkpoint": (["tome", "--model", "resnet18", "--checkpoint", "no.pth"], "no.pth: there is no such checkpoint"),
    "block that is not there": (
        ["evit", "--param", "blocks=[9]"],
        "block 9 does not exist: the model has blocks 0 to 5",
    ),
    "schedule too long": (["tome", "--param", "r=[1,1,1,1,1,1,1]"], "r lists 7 blocks, the model has 6"),
}


def fails(words, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["prunarium", *words])
    with pytest.raises(SystemExit) as stop:
        main()
    out, err = capsys.readouterr()
    assert stop.value.code == 1
    assert out == "" and "Traceback" not in err
    assert err.strip().splitlines()[-1].startswith("error: ")
    return err


@pytest.mark.parametrize("words, said", BAD.values(), ids=BAD)
def test_bad_input_is_one_clear_line(words, said, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    err = fails(["run", *words], capsys, monkeypatch)
    assert len(err.strip().splitlines()) == 1
    assert said in err
    assert list(tmp_path.iterdir()) == []


def test_there_is_nothing_to_see_of_a_count(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    words = ["visualize", "tome", "--model", "vit_tiny_patch16_224", "--device", "meta"]
    assert "--device meta counts on shapes alone: there is nothing to see" in fails(words, capsys, monkeypatch)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"not a picture", b"", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_an_image_that_is_none(content, capsys, monkeypatch, tmp_path):
    import timm
    import torch

    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.png").write_bytes(content)
    torch.save(timm.create_model("vit_tiny_patch16_224").state_dict(), tmp_path / "vit.pth")
    words = ["run", "tome", "--model", "vit_tiny_patch16_224", "--checkpoint", "vit.pth", "--image", "x.png"]
    assert "x.png: is not an image that can be read" in fails(words, capsys, monkeypatch)


def test_a_model_of_the_wrong_family_and_a_wrong_checkpoint(capsys, monkeypatch, tmp_path):
    import timm
    import torch

    monkeypatch.chdir(tmp_path)
    torch.save(timm.create_model("resnet18").state_dict(), tmp_path / "resnet.pth")
    words = ["run", "tome", "--checkpoint", "resnet.pth", "--model"]
    assert "ToMe does not work on ResNet" in fails([*words, "resnet18"], capsys, monkeypatch)
    assert "does not fit vit_tiny_patch16_224" in fails([*words, "vit_tiny_patch16_224"], capsys, monkeypatch)


def test_a_broken_bad_input_in_a_real_process():
    done = process("run", "tme")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: there is no method 'tme'") and "Traceback" not in done.stderr


def test_parameters_are_read_as_yaml():
    words = ["r=[8, -1]", "proportional_attention=false", "blocks=[3, 6]", "keep_rate=0.5"]
    assert parse_setting(words) == {
        "r": [8, -1],
        "proportional_attention": False,
        "blocks": [3, 6],
        "keep_rate": 0.5,
    }


def test_help_loads_nothing_heavy():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "prunarium", "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0 and "run" in done.stdout
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert loaded.isdisjoint({"torch", "timm", "transformers", "mkdocs", "matplotlib", "sklearn"})


@pytest.mark.parametrize("words", [["papers", "--json"], ["methods", "--json"], ["show", "tome"]])
def test_listing_does_not_load_torch(words):
    code = f"import sys; from prunarium.cli import app; app({words!r}, standalone_mode=False); "
    code += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
