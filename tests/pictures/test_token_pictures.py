"""What a method does to tokens, drawn: bars over token maps."""

import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from prunarium import PrunariumError, load
from prunarium.bench import workloads
from prunarium.bench.benchmarks import find_benchmark
from prunarium.bench.image_folder import read_image
from prunarium.bench.pictures import token_maps, token_picture
from prunarium.bench.pictures.token_bars import MOST_NUMBERS, draw_bars
from prunarium.bench.workload import Workload
from prunarium.cli import main

CPU = torch.device("cpu")


def on(benchmark: str) -> Workload:
    return workloads.embedded(find_benchmark(benchmark), CPU)  # type: ignore[arg-type]


def test_token_map_paints_groups_and_drops() -> None:
    image = np.zeros((8, 8), np.uint8)
    image[:4, :4], image[:4, 4:] = 100, 200
    image[4:] = 250
    home = np.array([0, 0, 1, -1])
    painted = token_maps.token_map(image, home, patch=4)
    assert painted.shape == (320, 320, 3)
    assert (painted[20, 20] == 150).all() and (painted[20, 250] == 150).all(), "one colour for the merged pair"
    assert (painted[300, 40] == 250).all(), "a token alone keeps its pixels"
    assert (painted[300, 300] < 50).all(), "a dropped token is dark"
    assert (painted == token_maps.EDGE).all(axis=-1).any(), "an edge between groups"


def test_bars_are_as_high_as_the_counts() -> None:
    axes = Figure().subplots()
    draw_bars(axes, [65, 33.5, 17], [65, 65, 65])
    untouched, tokens = ([bar.get_height() for bar in bars] for bars in axes.containers)
    assert (untouched, tokens) == ([65, 65, 65], [65, 33.5, 17])
    assert [text.get_text() for text in axes.texts] == ["65", "33.5", "17"]
    assert f"budget {(65 + 33.5 + 17) / 195:.3f}" in axes.get_title(loc="left")


def test_many_blocks_have_no_numbers() -> None:
    axes = Figure().subplots()
    draw_bars(axes, [10.0] * (MOST_NUMBERS + 1), [20.0] * (MOST_NUMBERS + 1))
    assert not axes.texts


@pytest.mark.parametrize(
    "name, benchmark",
    [
        ("tome", "cluttered-digits"),
        ("fastv", "digit-grid"),
        ("topk-received", "storyworld-encoder"),
        ("h2o", "storyworld-decoder"),
    ],
)
def test_a_picture_is_an_image(tmp_path: Path, name: str, benchmark: str) -> None:
    work = on(benchmark)
    path = token_picture.draw(load(name), work, tmp_path / "deep" / "map.png", "--picture")
    assert read_image(path).size[0] > 400
    with pytest.raises(PrunariumError, match=r"--picture .*cannot be written"):
        token_picture.draw(load(name), work, path / "below-a-file.png", "--picture")


def test_bars_and_maps_say_the_same_as_the_report(tmp_path: Path) -> None:
    method, work = load("evit", keep_rate=0.5), on("cluttered-digits")
    path = token_picture.draw(method, work, tmp_path / "map.svg", "--output", samples=2)
    root = ElementTree.parse(path).getroot()
    words = [element.text or "" for element in root.iter() if element.tag.endswith("}text")]
    with method.apply(work.model) as handle, torch.inference_mode():
        work.answer(work.model, work.data.batch(0, 2, CPU))
        report = handle.report()
    for count in report.tokens_out:
        assert str(count) in words
    assert f"tokens leaving each block; grey: untouched model, 65; budget {report.budget:.3f}" in words
    maps = [word for word in words if word.startswith("block ") and " of 65" in word]
    assert maps == [f"block {b.block}: {b.tokens_out} of 65" for b in report.blocks if b.moves]
    assert sum(element.tag.endswith("}image") for element in root.iter()) == 2 * (1 + len(maps))


def visualize(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["prunarium", "visualize", *words])
    with pytest.raises(SystemExit) as stop:
        main()
        raise SystemExit(0)
    return int(stop.value.code or 0)


def test_the_command_draws_at_a_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert visualize(monkeypatch, "tome", "--budget", "0.5", "--inputs", "1") == 0
    assert capsys.readouterr().out == "picture: build/tome-cluttered-digits.png\n"
    assert read_image(tmp_path / "build" / "tome-cluttered-digits.png").size[0] > 400


@pytest.mark.parametrize(
    "words, said",
    [
        (["tme"], "there is no method 'tme' (did you mean 'tome'?)"),
        (["tome", "--output", "a.jpg"], "--output a.jpg: give the path of a .png or .svg file"),
        (["tome", "--budget", "0"], "a budget is above 0 and at most 1"),
        (["tome", "--output", "file/a.png"], "--output file/a.png: cannot be written"),
        (["tome", "--param", "r"], "write it as name=value"),
        (["tome", "--image", "x.png"], "need --model"),
    ],
)
def test_bad_input_is_one_line(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.chdir(tmp_path)
    assert visualize(monkeypatch, *words) == 1
    out, err = capsys.readouterr()
    assert out == "" and said in err and err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
