"""The script that fine-tunes methods: what it writes, and what it refuses."""

import subprocess
import sys

import pytest
from safetensors.torch import load_file

from prunarium import load
from prunarium.bench.models import cluttered_digits_vit, digit_grid_llava
from prunarium.paths import root


def train(*words):
    few = ["--steps", "2", "--batch", "8", "--variants", "0", "--check", "8"]
    command = [sys.executable, "scripts/train_method.py", *words, *few]
    return subprocess.run(command, cwd=root(), capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "held"),
    [
        (["dynamicvit"], {"parts"}),
        (["ltmp", "--backbone", "--param", "target=0.5"], {"parts", "model"}),
        (["evit", "--backbone"], {"model"}),
        (["voco-llama"], {"parts"}),
    ],
)
def test_what_is_written(tmp_path, words, held):
    path = tmp_path / "new" / "trained.safetensors"
    done = train(*words, "--out", str(path))
    assert done.returncode == 0, done.stderr
    assert "amount 1.0: accuracy" in done.stdout
    state = load_file(path)
    assert {name.split(".")[0] for name in state} == held
    assert {str(value.dtype) for value in state.values()} == {"torch.float16"}
    assert [file.name for file in path.parent.iterdir()] == [path.name]  # nothing half written stays
    if "parts" in held:
        model = {"voco-llama": digit_grid_llava}.get(words[0], cluttered_digits_vit)()
        with load(words[0], weights=str(path)).apply(model) as handle:
            assert sum(1 for _ in handle.learned.parameters()) == sum(name.startswith("parts.") for name in state)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["evit"], "learns nothing of its own; give --backbone"),
        (["evit", "--backbone", "--only", "projector"], "no weight of the model has 'projector' in its name"),
        (["dynamicvt"], "there is no method 'dynamicvt'"),
        (["dynamicvit", "--param", "keep_rate=2"], "keep_rate=2"),
    ],
)
def test_bad_input(tmp_path, words, reason):
    path = tmp_path / "trained.safetensors"
    path.write_text("mine")
    done = train(*words, "--out", str(path))
    assert done.returncode != 0
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_text() == "mine"
