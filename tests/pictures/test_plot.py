"""``prunarium plot`` as a user types it."""

import json
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from prunarium import paths
from tests.command_line import Done

from .conftest import keep, score

Run = Callable[..., Done]


def test_it_draws_every_kind_of_file(tree: Path, tmp_path: Path, prunarium: Run) -> None:
    for name in ("new/a.png", "a.svg", "a.vl.json"):
        done = prunarium("plot", "--benchmark", "cluttered-digits", "--against", "speed", "-o", tmp_path / name)
        assert (done.code, done.out, done.err) == (0, f"picture of 9 scores: {tmp_path / name}\n", "")
    png = (tmp_path / "new" / "a.png").read_bytes()
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", png[16:24]) == (1656, 648)
    ids = [element.get("id", "") for element in ElementTree.parse(tmp_path / "a.svg").iter()]
    assert sum(name.startswith("point-") for name in ids) == 9 * 2
    assert len(json.loads((tmp_path / "a.vl.json").read_text())["hconcat"]) == 2


def test_without_options_it_takes_the_benchmark_with_the_most_scores(
    tree: Path, tmp_path: Path, prunarium: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    keep(tree, score("tome", 0.5, device="H200"))
    done = prunarium("plot")
    assert done.out == "picture of 9 scores: build/cluttered-digits-macs.png\n"
    assert "left out: 1 scores of other models, devices or precisions" in " ".join(done.err.split())
    assert (tmp_path / "build" / "cluttered-digits-macs.png").is_file()
    assert prunarium("plot", "--device", "H200", "-o", tmp_path / "h.svg").out.startswith("picture of 1 scores: ")


@pytest.mark.parametrize(
    "words, said",
    [
        (
            ["--benchmark", "cluttered"],
            "no measured quality of benchmark 'cluttered' (did you mean 'cluttered-digits'?)",
        ),
        (["--family", "vlm"], "no measured quality of family 'vlm'; there is some of vit"),
        (["--output", "a.jpg"], "--output a.jpg: give the path of a .png, .svg or .vl.json file"),
        (["--output", "file/a.png"], "--output file/a.png: cannot be written"),
        (["--output", "."], "--output .: give the path of"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    words: list[str], said: str, tree: Path, tmp_path: Path, prunarium: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "file").write_text("in the way")
    monkeypatch.chdir(here)
    done = prunarium("plot", *words)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: ") and said in done.err and done.err.count("\n") == 1
    assert [path.name for path in here.iterdir()] == ["file"]


def test_nothing_measured_says_what_to_do(tree: Path, prunarium: Run) -> None:
    for record in tree.glob("methods/*/measured/*.json"):
        record.unlink()
    done = prunarium("plot")
    assert done.code == 1 and "no quality has been measured yet; 'prunarium bench METHOD'" in done.err


def test_it_loads_no_torch_and_says_when_matplotlib_is_missing(tree: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from prunarium import paths; root = Path(sys.argv.pop(1)); "
        "paths.root = lambda: root; sys.modules['torch'] = None; {} from prunarium.cli import main; main()"
    )
    arguments = [str(paths.root()), "plot", "-o", str(tmp_path / "a.png")]
    done = subprocess.run([sys.executable, "-c", program.format(""), *arguments], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    without = program.format("sys.modules['matplotlib'] = None;")
    done = subprocess.run([sys.executable, "-c", without, *arguments], capture_output=True, text=True)
    wanted = "error: --output needs matplotlib, which is not installed: pip install 'prunarium[methods]'\n"
    assert (done.returncode, done.stderr) == (1, wanted)
