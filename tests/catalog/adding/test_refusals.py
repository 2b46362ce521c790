"""``prunarium add``: what it refuses before anybody is asked or anything is written, and in which words."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner

from prunarium.catalog import load
from prunarium.cli import app
from prunarium.errors import PrunariumError

from .conftest import ARXIV, BEFORE, DOI, add, answer, feed, files, refused

NAMESPACE = 'xmlns:arxiv="http://arxiv.org/schemas/atom"'


def test_a_dry_run_shows_and_writes_nothing(tree: Path, apis: HTTPServer) -> None:
    answer(apis, ARXIV, feed())
    assert "title: 'Epsilon: Small Steps'\n" in (shown := add(tree, ARXIV, "--dry-run"))
    assert shown.endswith("would write catalog/papers/epsilon.yaml\n")
    assert files(tree) == BEFORE


@pytest.mark.parametrize(
    "reference",
    [
        "2301.01230", "arxiv:2301.01230v3", "https://arxiv.org/abs/2301.01230", "https://arxiv.org/pdf/2301.01230v2.pdf",
        "10.48550/arXiv.2301.01230", "https://doi.org/10.48550/arXiv.2301.01230", "10.1234/ALPHA", "doi:10.1234/alpha",
    ],
)  # fmt: skip
def test_a_known_identifier_is_refused_before_anybody_is_asked(tree: Path, apis: HTTPServer, reference: str) -> None:
    assert refused(tree, reference).startswith("catalog/papers/alpha.yaml has the ")
    assert apis.log == []


def test_an_identifier_that_only_the_answer_shows_is_refused(tree: Path, apis: HTTPServer) -> None:
    answer(apis, ARXIV, feed(more=f"    <arxiv:doi {NAMESPACE}>10.1234/Alpha</arxiv:doi>\n"))
    for options in ([], ["--force"], ["--dry-run"]):
        assert refused(tree, ARXIV, *options).startswith("catalog/papers/alpha.yaml has the DOI 10.1234/alpha: it is")


def test_a_likely_title_is_shown_and_refused_unless_forced(tree: Path, apis: HTTPServer) -> None:
    answer(apis, ARXIV, feed("Alphas: Forgetting Half of the Pictures"))
    expected = "this may be catalog/papers/alpha.yaml (titles "
    assert refused(tree, ARXIV).startswith(expected)
    with pytest.raises(PrunariumError):
        add(tree, ARXIV, "--json")
    shown = add(tree, ARXIV, "--force")
    assert "alpha alphas  titles " in shown
    assert load(tree).paper("alphas").year == 2024


def test_an_interrupted_write_leaves_no_file(tree: Path, apis: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    answer(apis, ARXIV, feed())
    monkeypatch.setattr(Path, "replace", fail)
    assert CliRunner().invoke(app, ["add", ARXIV, "--root", str(tree)]).exit_code != 0
    assert files(tree) == BEFORE


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("cs/0112017", "'cs/0112017' is an arXiv id of the old style, which records do not take; give the paper's DOI"),
        ("arXiv:hep-th/9901001v2", "'hep-th/9901001' is an arXiv id of the old style"),
        ("https://arxiv.org/abs/math.GT/0309136", "'math.GT/0309136' is an arXiv id of the old style"),
        ("10.48550/arXiv.cs/0112017", "'cs/0112017' is an arXiv id of the old style"),
        ("2210.0946", "'2210.0946' is no arXiv id and no DOI"),
        ("https://arxiv.org/abs/2299.99999", "is no arXiv id and no DOI"),
        ("23.1", "'23.1' is no arXiv id and no DOI; write 2210.09461, 10.1234/abc, or the address of one"),
        ("https://example.org/2301.01230", "is no arXiv id and no DOI"),
        ("A title\nof two lines", "'A title of two lines' is no arXiv id and no DOI"),
        ("", "is no arXiv id and no DOI"),
    ],
)
def test_what_is_no_reference_is_refused(tree: Path, apis: HTTPServer, reference: str, expected: str) -> None:
    assert expected in refused(tree, reference)
    assert apis.log == []


def test_unknown_terms_are_refused_before_anybody_is_asked(tree: Path, apis: HTTPServer) -> None:
    line = refused(tree, ARXIV, "--category", "token-prunning")
    assert line.startswith("there is no category 'token-prunning' (did you mean 'token-pruning'?); choose from ")
    assert apis.log == []


def test_a_fault_is_one_line_and_exit_code_1(tree: Path, apis: HTTPServer) -> None:
    answer(apis, DOI, "Resource not found.", 404)
    program = [sys.executable, "-c", "from prunarium.cli import main; main()", "add", DOI, "--root", str(tree)]
    done = subprocess.run(program, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: Crossref knows no DOI 10.5555/zeta.1; correct it, "
        "or run 'prunarium new paper --title ...' where another agency gave it\n"
    )
