"""``prunarium cite`` and ``prunarium export``, as a user or a script runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import bibtexparser
import pytest
from typer.testing import CliRunner, Result

from prunarium.catalog import load
from prunarium.catalog.exporting import FORMATS
from prunarium.cli import app
from prunarium.errors import PrunariumError


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    program = [sys.executable, "-c", "from prunarium.cli import main; main()", *arguments]
    env = {**os.environ, **environment}
    return subprocess.run(program, capture_output=True, encoding="utf-8", check=False, env=env)


def invoke(*arguments: str) -> Result:
    """A command, run inside this process."""
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def keys(text: str) -> list[str]:
    return [entry.key for entry in bibtexparser.parse_string(text).entries]


@pytest.fixture
def small(tree: Path, change, monkeypatch: pytest.MonkeyPatch) -> Path:  # type: ignore[no-untyped-def]
    """The small tree in the place of the project's own."""
    change("catalog/papers/alpha.yaml", "name: Alpha", "name: Alpha\naliases: [first-alpha]\nsuperseded_by: beta")
    monkeypatch.setattr("prunarium.paths.root", lambda: tree)
    return tree


def test_cite_prints_the_papers_in_the_order_given() -> None:
    assert keys(invoke("cite", "tome", "evit", "tome").stdout) == ["tome", "evit"]


def test_cite_prints_what_filters_choose() -> None:
    found = load().filter(category="token-merging", year=2023)
    assert keys(invoke("cite", "--category", "token-merging", "--year", "2023").stdout) == [paper.id for paper in found]


def test_what_is_printed_is_utf_8_whatever_the_locale_says() -> None:
    paper = next(paper for paper in load() if not "".join(paper.authors).isascii())
    done = run("cite", paper.id, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == run("cite", paper.id).stdout
    assert not done.stdout.isascii()
    assert "'ü'" in run("cite", "ü", PYTHONIOENCODING="ascii").stderr


def test_a_former_id_is_cited_and_a_successor_is_named(small: Path) -> None:
    done = invoke("cite", "first-alpha")
    assert keys(done.stdout) == ["alpha"]
    assert done.stderr == "note: alpha is superseded by beta\n"
    shown = invoke("show", "first-alpha").stdout
    assert "former id    first-alpha\n" in shown
    assert "superseded by beta\n" in shown


def test_show_prints_other_titles(small: Path, change) -> None:  # type: ignore[no-untyped-def]
    change("catalog/papers/beta.yaml", "year:", "other_titles: [Reading Words]\nduplicate_of: alpha\nyear:")
    shown = invoke("show", "beta").stdout
    assert "other title  Reading Words\n" in shown
    assert "duplicate of alpha\n" in shown


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_printed_and_written_alike(format: str, tmp_path: Path) -> None:
    arguments = ("export", "--format", format, "--category", "token-merging")
    printed = invoke(*arguments).stdout
    path = tmp_path / "new" / "papers.txt"
    said = invoke(*arguments, "--output", str(path)).stdout
    assert path.read_text(encoding="utf-8") == printed
    assert said == f"{len(load().filter(category='token-merging'))} papers in {path}\n"
    assert list(path.parent.iterdir()) == [path]


def test_json_is_the_same_record_as_show_prints() -> None:
    [exported] = [one for one in json.loads(invoke("export", "-f", "json").stdout)["papers"] if one["id"] == "tome"]
    assert exported == json.loads(invoke("show", "tome", "--json").stdout)
    assert exported["methods"] == ["tome"]


def test_sorted_and_grouped(small: Path) -> None:
    assert keys(invoke("export", "-f", "bibtex", "--sort", "year").stdout) == ["beta", "alpha"]
    assert keys(invoke("export", "-f", "bibtex", "--sort", "year", "--reverse").stdout) == ["alpha", "beta"]
    lines = invoke("export", "-f", "markdown", "--group-by", "year").stdout.splitlines()
    assert [line for line in lines if line.startswith("## ")] == ["## Contents", "## 2023", "## Without an Address"]


def test_an_existing_file_stays_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "papers.bib"
    path.write_text("mine")
    arguments = ("export", "--format", "bibtex", "--output", str(path))
    with pytest.raises(PrunariumError, match=r"papers\.bib: exists already; give another path, or --force"):
        invoke(*arguments)
    assert path.read_text() == "mine"
    invoke(*arguments, "--force")
    assert len(keys(path.read_text(encoding="utf-8"))) == len(load())


FAULTS = [
    (("export", "--format", "csvv"), "there is no format 'csvv' (did you mean 'csv'?); choose from bibtex, csv, json"),
    (("export", "--format", "csv", "--group-by", "year"), "--group-by makes the sections of markdown"),
    (("export", "--format", "markdown", "--group-by", "yaer"), "grouped by 'yaer' (did you mean 'year'?)"),
    (("export", "--format", "csv", "--sort", "titel"), "sorted by 'titel' (did you mean 'title'?)"),
    (("export", "--format", "csv", "--year", "1995"), "no paper fits all filters; leave one out"),
    (("cite", "tomme"), "there is no paper 'tomme' (did you mean 'tome'?); 'prunarium papers' lists all"),
    (("cite",), "name a paper, as in 'prunarium cite tome', or give a filter"),
    (("cite", "tome", "--year", "2023"), "cite takes ids of papers or filters, not both"),
    (("cite", "--year", "1995"), "no paper fits all filters; leave one out"),
]


@pytest.mark.parametrize(("arguments", "expected"), FAULTS)
def test_a_fault_is_one_line_and_nothing_is_printed(arguments: tuple[str, ...], expected: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert expected in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_unwritable_output_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path / "file" / "papers.csv", tmp_path):
        done = run("export", "--format", "csv", "--output", str(path))
        assert done.returncode == 1
        assert done.stderr.startswith(f"error: --output {path}: ")
        assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
