"""``prunarium new paper``: the beginning of a record that somebody writes by hand."""

import json
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from prunarium.catalog import Catalogue, load
from prunarium.catalog.adding.by_hand import skeleton, what_is_missing
from prunarium.catalog.adding.drafting import Classification
from prunarium.catalog.files import read_yaml
from prunarium.catalog.validate import validate
from prunarium.catalog.writing import to_yaml
from prunarium.cli import app
from prunarium.errors import PrunariumError
from prunarium.records import Paper

OMEGA = ("--title", "Omega: The Last Token")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """The project's own, read once."""
    return load()


def new(tree: Path, *arguments: str) -> str:
    done = CliRunner().invoke(app, ["new", "paper", *arguments, "--root", str(tree)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def refused(tree: Path, *arguments: str) -> str:
    before = {path: path.read_bytes() for path in tree.rglob("*.yaml")}
    with pytest.raises(PrunariumError) as caught:
        new(tree, *arguments)
    assert {path: path.read_bytes() for path in tree.rglob("*.yaml")} == before
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_a_title_is_enough_for_a_valid_record_with_comments(tree: Path) -> None:
    shown = new(tree, *OMEGA)
    text = (tree / "catalog" / "papers" / "omega.yaml").read_text()
    today = date.today()
    year = today.year
    start = (
        "# yaml-language-server: $schema=../schemas/paper.schema.json\n"
        f"id: omega\ntitle: 'Omega: The Last Token'\nname: Omega\nyear: {year}\nkind: method\nadded: \"{today}\"\n"
    )
    assert shown == f"{start}wrote catalog/papers/omega.yaml; fill in what it lacks, then run 'prunarium validate'\n"
    assert text.startswith(start)
    comments = text.removeprefix(start).splitlines()
    assert all(line.startswith("#") for line in comments)
    assert f"# year: nobody gave one; {year} is a guess, correct it" in comments
    for term in ("token-pruning: Tokens leave.", "language: Text.", "training-free: No training."):
        assert f"#   {term}" in comments
    assert validate(tree) == []


def test_what_is_given_is_filled_in_and_asked_for_no_more(tree: Path) -> None:
    given_terms = [
        "--kind",
        "method",
        "--category",
        "token-pruning",
        "--modality",
        "Language",
        "--training",
        "training-free",
    ]
    authors = ["--author", "Ada Example", "--author", "Bo Sample"]
    ids = ["--arxiv", "https://arxiv.org/abs/2402.02400v3", "--doi", "https://doi.org/10.1234/OMEGA"]
    new(tree, "--title", "Counting tokens", *authors, *ids, *given_terms)
    path = tree / "catalog" / "papers" / "example-2024-counting-tokens.yaml"
    paper = load(tree).paper("example-2024-counting-tokens")
    assert (paper.authors, paper.year) == (["Ada Example", "Bo Sample"], 2024)
    assert (paper.identifiers.arxiv, paper.identifiers.doi) == ("2402.02400", "10.1234/omega")
    assert (paper.categories, paper.modalities, paper.training) == (["token-pruning"], ["language"], "training-free")
    for asked in ("# year:", "# authors:", "# kind:", "# modalities:", "# categories:", "# training:"):
        assert asked not in path.read_text()
    assert "# name: the method's acronym" in path.read_text()
    assert validate(tree) == []


@given(title=st.text(min_size=1, max_size=60), author=st.text(min_size=1, max_size=20), year=st.integers(1990, 2100))
def test_whatever_the_title_the_file_reads_back(
    scratch: Path, catalogue: Catalogue, title: str, author: str, year: int
) -> None:
    try:
        paper = skeleton(title, catalogue, Classification(), authors=[author], year=year)
    except PrunariumError as error:
        assert len(str(error).splitlines()) == 1
        return  # nothing that plain text may hold
    comments = what_is_missing(paper, catalogue.taxonomy, year_given=True, kind_given=False)
    path = scratch / "paper.yaml"
    path.write_text(to_yaml(paper, "x.json") + comments, encoding="utf-8")
    assert read_yaml(path, Paper) == paper
    assert paper.id not in catalogue.papers_by_id


def test_an_id_that_is_or_was_taken_is_refused(tree: Path) -> None:
    assert refused(tree, *OMEGA, "--id", "alpha") == "the id 'alpha' is taken; choose another one"
    beta = tree / "catalog" / "papers" / "beta.yaml"
    beta.write_text(beta.read_text().replace("year: 2022\n", "aliases: [omega]\nyear: 2022\n"))
    assert (
        refused(tree, *OMEGA, "--id", "omega")
        == "the id 'omega' was that of 'beta' once, and no id is used again; choose another one"
    )
    new(tree, *OMEGA)
    assert load(tree).paper("omega").id == "beta"
    assert [path.stem for path in sorted((tree / "catalog" / "papers").glob("omega*"))] != ["omega"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--title", "ALPHA, forgetting half of the picture"), "this may be catalog/papers/alpha.yaml (same title"),
        (("--title", "Omega", "--arxiv", "2301.01230"), "catalog/papers/alpha.yaml has the arXiv id 2301.01230"),
        (("--title", "Omega", "--doi", "10.48550/arXiv.2301.01230"), "--doi 10.48550/arXiv.2301.01230: this is"),
        (("--title", "Omega", "--arxiv", "10.1234/x"), "--arxiv 10.1234/x: this is the doi 10.1234/x; give it "),
        (("--title", "Omega", "--arxiv", "nothing"), "'nothing' is no arXiv id and no DOI"),
        (("--title", "Omega", "--id", "Not A Slug"), "id is 'Not A Slug': an id is lower-case words"),
        (("--title", "Omega", "--year", "1066"), "year is 1066; it must be at least 1990"),
        (("--title", "<b>Omega</b>"), "title holds HTML markup"),
        (("--title", " "), "title is ''; write a text"),
        (("--title", "Omega", "--modality", "visoin"), "there is no modality 'visoin' (did you mean 'vision'?)"),
    ],
)  # fmt: skip
def test_what_is_refused_leaves_no_file(tree: Path, arguments: tuple[str, ...], expected: str) -> None:
    assert refused(tree, *arguments).startswith(expected)


def test_a_paper_with_a_like_title_is_written_when_forced(tree: Path) -> None:
    title = "ALPHA, forgetting half of the picture"
    shown = new(tree, "--title", title, "--force", "--year", "2031", "--id", "another-alpha")
    assert "alpha another-alpha  same title" in shown
    assert load(tree).paper("another-alpha").year == 2031


def test_a_dry_run_and_json(tree: Path) -> None:
    data = json.loads(new(tree, *OMEGA, "--year", "2020", "--dry-run", "--json"))
    record = {"id": "omega", "title": "Omega: The Last Token", "name": "Omega", "year": 2020, "kind": "method"}
    record["added"] = str(date.today())
    assert data == {"record": record, "suspected": [], "file": "catalog/papers/omega.yaml", "written": False}
    assert not (tree / "catalog" / "papers" / "omega.yaml").exists()
    assert json.loads(new(tree, *OMEGA, "--year", "2020", "--json"))["written"] is True
    assert yaml.safe_load((tree / "catalog" / "papers" / "omega.yaml").read_text()) == record
