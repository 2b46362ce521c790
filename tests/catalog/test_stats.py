"""``prunarium stats``: the counts, and the picture of them."""

import json
import struct
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from prunarium.catalog import load
from prunarium.catalog.statistics import FACETS, statistics
from prunarium.catalog.statistics_picture import draw
from prunarium.cli import app
from prunarium.errors import PrunariumError


def invoke(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["stats", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_counts_are_those_of_the_records() -> None:
    catalogue = load()
    data = json.loads(invoke("--json"))
    assert data["papers"] == len(catalogue)
    assert list(data["counts"]) == list(FACETS)
    assert data["counts"]["year"] == {str(year): n for year, n in Counter(p.year for p in catalogue).items()}
    assert list(data["counts"]["year"]) == sorted(data["counts"]["year"])
    assert sum(data["counts"]["kind"].values()) == len(catalogue)
    assert data["counts"]["category"]["token-merging"] == len(catalogue.filter(category="token-merging"))
    assert data["counts"]["list"] == {name: len(catalogue.filter(list=name)) for name in data["counts"]["list"]}
    assert list(data["counts"]["venue"].values()) == sorted(data["counts"]["venue"].values(), reverse=True)


def test_known_and_unknown_are_all_papers(tree: Path) -> None:
    found = statistics(load(tree)).completeness
    assert all(field.known + field.unknown == 2 for field in found.values())
    known = {name: field.known for name, field in found.items()}
    assert known == {
        "authors": 2,
        "venue_or_preprint": 1,
        "doi": 1,
        "arxiv": 1,
        "address": 1,
        "code": 1,
        "categories": 1,
        "modalities": 2,
        "training": 1,
    }


def test_the_terminal_shows_every_count_of_the_chosen_papers() -> None:
    chosen = load().filter(category="token-merging")
    lines = invoke("--category", "token-merging").splitlines()
    assert lines[0] == f"{len(chosen)} of {len(load())} papers"
    words = [line.split() for line in lines]
    for counts in statistics(chosen).counts.values():
        for value, count in counts.items():
            assert any(line[:2] == [value, str(count)] for line in words), value


def test_nothing_fits_is_zero_papers_but_no_picture(tmp_path: Path) -> None:
    assert json.loads(invoke("--year", "1995", "--json"))["papers"] == 0
    assert invoke("--year", "1995").startswith("0 of ")
    with pytest.raises(PrunariumError, match="no paper fits"):
        invoke("--year", "1995", "--plot", str(tmp_path / "a.png"))


def test_a_png_is_drawn_at_its_size(tmp_path: Path) -> None:
    path = tmp_path / "new" / "counts.png"
    invoke("--plot", str(path))
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", content[16:24]) == (1200, 840)


@pytest.mark.parametrize("filters", [(), ("--year", "2023", "--kind", "background"), ("--search", "tome")])
def test_an_svg_shows_four_panels(tmp_path: Path, filters: tuple[str, ...]) -> None:
    path = tmp_path / "counts.svg"
    invoke("--plot", str(path), *filters)
    ids = [element.get("id", "") for element in ElementTree.parse(path).iter()]
    assert sum(name.startswith("axes_") for name in ids) == 4


def test_a_few_old_papers_share_one_bar(tmp_path: Path) -> None:
    catalogue = load()
    papers = [catalogue["tome"].model_copy(update={"year": year}) for year in (1991, 1995, 2013, 2014, 2023)]
    path = draw(statistics(papers), catalogue, tmp_path / "years.svg")
    drawn = [element.text or "" for element in ElementTree.parse(path).iter()]
    assert "up to" in drawn
    assert {"2013", "2014", "2023"} <= set(drawn)
    assert not {"1991", "1995", "2012"} & set(drawn)


def test_a_picture_that_cannot_be_drawn_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for path, words in ((tmp_path / "a.jpg", "give the path of a .png"), (tmp_path / "file" / "a.png", "be written")):
        with pytest.raises(PrunariumError, match=words):
            invoke("--plot", str(path))


def test_without_matplotlib_one_line_says_what_to_install(tmp_path: Path) -> None:
    program = "import sys; sys.modules['matplotlib'] = None; from prunarium.cli import main; main()"
    arguments = [sys.executable, "-c", program, "stats", "--plot", str(tmp_path / "a.png")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: --plot needs matplotlib, which is not installed: pip install 'prunarium[methods]'\n"
