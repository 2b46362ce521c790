"""The commands papers, show, import and schemas, as a user or a script runs them."""

import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from prunarium import paths
from prunarium.catalog import load
from prunarium.catalog.schemas import MODELS
from prunarium.cli import app
from prunarium.cli import papers as papers_module
from prunarium.errors import PrunariumError


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    program = "from prunarium.cli import main; main()"
    return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)


def output(*arguments: str) -> str:
    """What a command prints, run inside this process."""
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_papers_lists_all_on_one_line_each_when_piped() -> None:
    lines = output("papers").splitlines()
    catalogue = load()
    assert len(lines) == len(catalogue) + 2
    assert lines[0].split() == ["id", "year", "venue", "title", "categories", "code", "runs"]
    assert lines[-1].startswith(f"{len(catalogue)} of {len(catalogue)} papers, ")
    for paper, line in zip(catalogue, lines[1:-1], strict=True):
        assert line.startswith(f"{paper.id} ")
        assert paper.title in line


def test_papers_filters_with_repeated_options() -> None:
    data = json.loads(
        output("papers", "--modality", "vision", "--year", "2022", "--year", "2023", "--has-code", "--json")
    )
    found = load().filter(modality="vision", year=[2022, 2023], has_code=True)
    assert [paper["id"] for paper in data] == [paper.id for paper in found]
    assert "tome" in [paper["id"] for paper in data]


def test_papers_knows_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prunarium.registry.methods_of_papers", lambda: {"evit": ["evit", "evit-fast"]})
    assert [paper["id"] for paper in json.loads(output("papers", "--runnable", "--json"))] == ["evit"]
    shown = output("show", "evit")
    assert "run          prunarium run evit\nrun          prunarium run evit-fast\n" in shown


def test_a_narrow_window_never_cuts_an_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(papers_module, "console", lambda: Console(width=60, file=sys.stdout, highlight=False))
    lines = output("papers").splitlines()
    assert {paper.id for paper in load()} <= {line.split()[0] for line in lines if not line.startswith(" ")}
    assert all(len(line.rstrip()) <= 60 for line in lines if line.startswith(" "))


def test_json_is_complete_and_the_same_each_time() -> None:
    first, second = output("show", "tome", "--json"), output("show", "tome", "--json")
    assert first == second
    data = json.loads(first)
    tome = load().paper("tome")
    assert {key: data[key] for key in tome.model_dump(mode="json")} == tome.model_dump(mode="json")
    assert data["url"] == "https://arxiv.org/abs/2210.09461"
    assert set(data) - set(tome.model_dump()) == {"url", "page", "methods"}


def test_show_prints_everything_without_cutting_it() -> None:
    paper = load().paper("tempme")
    shown = output("show", "tempme")
    assert len(paper.notes) == 1
    for words in (paper.title, *paper.authors, *paper.notes, *paper.sources.values(), "LunarShen/TempMe (official)"):
        assert words in shown
    assert "awesome-token-reduction, line 69, Vision-Language Model: " in shown


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("show", "tomme"), "there is no paper 'tomme' (did you mean 'tome'?); 'prunarium papers' lists all"),
        (("papers", "--modality", "visoin"), "there is no modality 'visoin' (did you mean 'vision'?); choose from "),
        (("import", "/nowhere.md", "--list", "x"), "/nowhere.md:1: cannot be read (No such file or directory); "),
    ],
)
def test_an_error_is_one_line_and_exit_code_1(arguments: tuple[str, ...], expected: str) -> None:
    done = run(*arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    assert expected in done.stderr
    assert len(done.stderr.splitlines()) == 1
    with pytest.raises(PrunariumError):
        CliRunner().invoke(app, list(arguments), catch_exceptions=False)


LIST = """\
## Vision
* [ICLR 2031] Qoph: A Made-up Paper [[Paper](https://openreview.net/forum?id=Qoph)]
* [ICLR 2023] Token merging: your ViT but faster [[Paper](https://arxiv.org/abs/2210.09461)]
* Nothing to see here
"""


def test_import_reports_and_writes_only_when_asked(tmp_path: Path) -> None:
    shutil.copytree(paths.root() / "catalog", tmp_path / "catalog")
    file = tmp_path / "list.md"
    file.write_text(LIST)
    arguments = ("import", str(file), "--list", "awesome-token-reduction", "--root", str(tmp_path))
    reported = [
        "new       line 2: qoph",
        "joined    line 3: tome (by arXiv id)",
        "unread    line 4: names no link; add one, or add the paper by hand: Nothing to see here",
        "awesome-token-reduction: 1 new, 1 joined, 0 known, 0 conflicts, 1 unread",
    ]
    assert output(*arguments).splitlines() == [*reported, "2 files would change; --write writes them"]
    assert len(load(tmp_path)) == len(load())
    assert output(*arguments, "--write").splitlines() == [*reported, "2 files written"]
    assert load(tmp_path).paper("qoph").identifiers.openreview == "Qoph"
    assert load(tmp_path).paper("qoph").added == str(date.today())
    assert load(tmp_path).paper("tome").added == load().paper("tome").added, "a known paper keeps its day"
    again = json.loads(output(*arguments, "--write", "--json"))
    assert (again["new"], again["files_written"]) == ([], 0)
    assert [joined["known"] for joined in again["joined"]] == [True, True]
    assert "0 faults" in output("validate", "--root", str(tmp_path))


def test_schemas_are_written_once(tmp_path: Path) -> None:
    assert len(output("schemas", "--root", str(tmp_path)).splitlines()) == len(MODELS)
    assert output("schemas", "--root", str(tmp_path)) == "all schemas are current\n"
