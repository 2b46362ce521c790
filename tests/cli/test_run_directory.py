"""``prunarium run``, ``bench`` and ``compare`` on a vision-language model from a directory, as a user types them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from prunarium.bench.sweeps import read_sweep
from prunarium.records import MeasuredScore
from tests.bench.hub_directories import MODELS, picture, png, rows, save, write

QUICK = ("--seconds", "0", "--threads", "1")


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """One directory of each kind of model, a picture, and questions."""
    root = tmp_path_factory.mktemp("hub")
    found = {kind: save(root / kind, kind) for kind in MODELS}
    (root / "small.png").write_bytes(png(picture(1)))
    write(root / "vqa.parquet", rows([["yes"] * 10, ["no"] * 10, ["red"] * 5 + ["blue"] * 5]))
    mixed = rows([["yes"]] * 2)
    mixed[1]["image"] = {"bytes": png(picture(2, (48, 96))), "path": None}
    write(root / "mixed.parquet", mixed)
    return {**found, "root": root}


def test_a_directory_in_a_process_of_its_own(kept, tmp_path):
    """Nothing is asked of the network: it is not there."""
    words = ("run", "fastv", "--model", str(kept["llava-next"]), "--image", str(kept["root"] / "small.png"))
    done = subprocess.run(
        [sys.executable, "-m", "prunarium", *words, "--prompt", "what is it ?", "--budget", "0.5", *QUICK],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,
        env={"PATH": "", "HOME": str(tmp_path), "HF_ENDPOINT": "http://127.0.0.1:9", "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    for part in ("of the tower", "of the projector", "of the prefill", "budget 0.5", "image tokens per layer: "):
        assert part in done.stdout
    assert done.stderr.strip() == "", "no bars, no warnings"
    assert (tmp_path / "build" / "fastv-llava-next.png").is_file()


@pytest.mark.parametrize("kind", MODELS)
def test_cost_on_noise(kept, kind, prunarium, tmp_path):
    words = ("--batch-size", "2", "--param", "layer=3", "--picture", tmp_path / "p.png", *QUICK)
    done = prunarium("run", "fastv", "--model", kept[kind], "--json", *words)
    assert done.code == 0, done.err
    score = MeasuredScore.model_validate(json.loads(done.out))
    assert (score.model, score.quality, score.data_checksum) == (kind, None, None)
    assert score.cost.tokens[2] == score.cost.tokens_baseline[2] > score.cost.tokens[3]
    assert f"--model {kept[kind]}" in score.command


@pytest.mark.slow
def test_a_benchmark_of_questions_is_measured_compared_and_verified(kept, prunarium, tmp_path):
    words = ("--benchmark", "vqa", "--data", kept["root"] / "vqa.parquet", "--records", tmp_path, *QUICK)
    done = prunarium("bench", "fastv", "random", "--model", kept["llava"], "--budget", "0.5", *words)
    assert done.code == 0, done.err
    done = prunarium("compare", "--family", "vlm", "--benchmark", "vqa", "--records", tmp_path, "--json")
    assert done.code == 0, done.err
    [ranking] = json.loads(done.out)["rankings"]
    assert {row["method"] for row in ranking["rows"]} == {"fastv", "random"}
    assert ranking["condition"]["metric"] == "vqa accuracy" and ranking["condition"]["samples"] == 3
    own = ("--data", kept["root"] / "vqa.parquet", "--checkpoint", kept["llava"])
    done = prunarium("verify", "fastv", "--records", tmp_path, *own)
    assert "1 passed, 0 failed, 0 skipped" in done.out, (done.out, done.err)


def test_a_sweep_names_directories_from_its_own_folder(kept, tmp_path):
    sweep = kept["root"] / "sweep.yaml"
    grid = "{methods: [identity], benchmarks: [vqa], models: [llava, ./qwen2.5-vl], data: vqa.parquet}"
    sweep.write_text(f"grids: [{grid}]\n")
    cells = read_sweep(sweep)
    assert [Path(cell.model) for cell in cells] == [kept["llava"], kept["qwen2.5-vl"]]
    assert {cell.data for cell in cells} == {kept["root"] / "vqa.parquet"}


BAD = {
    "a layer beyond the depth": (("fastv", "--param", "layer=99"), "99"),
    "a budget below one token": (("random", "--budget", "0.001"), "cannot reach budget 0.001; the nearest it comes is"),
    "a method of another family": (("tome",), "ToMe does not work on LlavaForConditionalGeneration; it works on: timm"),
    "weights beside the directory": (("fastv", "--checkpoint", "w.pt"), "--checkpoint must be left out: the directory"),
    "data without a benchmark": (
        ("fastv", "--data", "d"),
        "--data need --benchmark imagenet or image-folder, or vqa for",
    ),
    "a classifier's benchmark": (
        ("fastv", "--benchmark", "imagenet", "--data", "d"),
        "imagenet needs a timm classifier",
    ),
    "questions without data": (
        ("fastv", "--benchmark", "vqa"),
        "vqa needs --model and --data, such as --model llava-1.5",
    ),
    "no such image": (("fastv", "--image", "none.png"), "none.png: there is no such image"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line(kept, prunarium, name):
    (method, *options), words = BAD[name]
    done = prunarium("run", method, "--model", kept["llava"], *options, *QUICK)
    assert done.code == 1
    assert words in done.err and done.err.startswith("error: ") and done.err.count("\n") == 1


def test_questions_for_a_timm_model(prunarium):
    done = prunarium("run", "fastv", "--model", "vit_tiny_patch16_224", "--prompt", "what is it ?")
    assert done.err == "error: --prompt needs the directory of a vision-language model as --model\n"


def test_images_of_different_tile_counts_in_one_batch(kept, prunarium):
    words = ("--benchmark", "vqa", "--data", kept["root"] / "mixed.parquet", "--batch-size", "2", *QUICK)
    done = prunarium("run", "fastv", "--model", kept["llava-next"], *words)
    assert done.code == 1
    assert "samples of one batch need equally many image tokens, not [" in done.err
    assert done.err.endswith("run them one at a time\n") and done.err.strip().count("\n") == 0


def test_an_image_that_the_processor_refuses(kept, prunarium, tmp_path):
    (tmp_path / "line.png").write_bytes(png(picture(1, (900, 2))))
    done = prunarium("run", "fastv", "--model", kept["qwen2.5-vl"], "--image", tmp_path / "line.png", *QUICK)
    assert done.code == 1 and done.err.strip().count("\n") == 0
    assert "qwen2.5-vl: the processor cannot take sample 0 (the first is 0): absolute aspect ratio" in done.err
