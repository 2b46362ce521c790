"""``prunarium add``: records from what arXiv says, and one clear line where it says nothing of use."""

from datetime import date
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from prunarium.catalog import load
from prunarium.catalog.validate import validate
from prunarium.records import Paper, VenueReference

from .conftest import ARXIV, FEED, add, answer, feed, refused

ERROR_ENTRY = """\
  <entry>
    <id>http://arxiv.org/api/errors#incorrect_id_format_for_2402.02400</id>
    <title>Error</title>
    <summary>incorrect id format for 2402.02400</summary>
    <author><name>arXiv api core</name></author>
  </entry>
"""
NAMESPACE = 'xmlns:arxiv="http://arxiv.org/schemas/atom"'


def test_an_arxiv_paper_becomes_a_valid_record(tree: Path, apis: HTTPServer) -> None:
    answer(apis, ARXIV, feed("Epsilon: Small\n  Steps"))
    shown = add(
        tree, "arXiv:2402.02400v1", "--category", "Token pruning", "--modality", "vision", "--training", "training-free"
    )
    paper = load(tree).paper("epsilon")
    source = f"arXiv API ({apis.url_for('/api/query')}?id_list=2402.02400)"
    assert paper == Paper.model_validate(
        {
            "id": "epsilon",
            "title": "Epsilon: Small Steps",
            "name": "Epsilon",
            "authors": ["Ada Example", "José Ñandú"],
            "year": 2024,
            "venue": {"id": "arxiv", "year": 2024, "status": "preprint"},
            "kind": "method",
            "modalities": ["vision"],
            "categories": ["token-pruning"],
            "training": "training-free",
            "identifiers": {"arxiv": "2402.02400"},
            "sources": dict.fromkeys(["title", "authors", "year", "venue", "identifiers.arxiv"], source),
            "added": str(date.today()),
        }
    )
    assert validate(tree) == []
    assert shown.startswith((tree / "catalog" / "papers" / "epsilon.yaml").read_text())
    assert shown.endswith("wrote catalog/papers/epsilon.yaml; fill in what it lacks, then run 'prunarium validate'\n")
    ((request, _),) = apis.log
    assert request.args.to_dict() == {"id_list": "2402.02400", "max_results": "1"}
    assert request.headers["User-Agent"].startswith("prunarium/")


def test_what_arxiv_says_of_acceptance_is_a_note_and_no_venue(tree: Path, apis: HTTPServer) -> None:
    more = (
        f"    <arxiv:doi {NAMESPACE}>10.1234/EPSILON</arxiv:doi>\n"
        f"    <arxiv:comment {NAMESPACE}>Accepted at ICXL 2024, 12 pages</arxiv:comment>\n"
        f"    <arxiv:journal_ref {NAMESPACE}>ICXL 2024, p. 7</arxiv:journal_ref>\n"
    )
    answer(apis, ARXIV, feed(more=more))
    add(tree, ARXIV)
    paper = load(tree).paper("epsilon")
    assert paper.venue == VenueReference(id="arxiv", year=2024, status="preprint")
    assert paper.notes == [
        "The arXiv record names a journal or venue, not checked: ICXL 2024, p. 7",
        "The arXiv record has this comment of the authors, not checked: Accepted at ICXL 2024, 12 pages",
        "The arXiv record gives a DOI, which hints at a published version, not checked: 10.1234/epsilon",
    ]
    assert paper.identifiers.doi == "10.1234/epsilon"


def test_two_dois_in_one_field_and_something_else(tree: Path, apis: HTTPServer) -> None:
    answer(apis, ARXIV, feed(more=f"    <arxiv:doi {NAMESPACE}>see 10.1234/E.1 10.1234/E.2</arxiv:doi>\n"))
    add(tree, ARXIV)
    paper = load(tree).paper("epsilon")
    assert paper.identifiers.doi == "10.1234/e.1"
    assert paper.notes == [
        "The arXiv record gives a DOI, which hints at a published version, not checked: 10.1234/e.1",
        "The arXiv record gives a second DOI, not checked: 10.1234/e.2",
    ]


def test_the_doi_of_arxiv_itself_hints_at_nothing(tree: Path, apis: HTTPServer) -> None:
    answer(apis, ARXIV, feed(more=f"    <arxiv:doi {NAMESPACE}>10.48550/arXiv.{ARXIV}</arxiv:doi>\n"))
    add(tree, ARXIV)
    assert load(tree).paper("epsilon").notes == []


def test_a_comment_on_the_size_is_no_note(tree: Path, apis: HTTPServer) -> None:
    answer(apis, ARXIV, feed(more=f"    <arxiv:comment {NAMESPACE}>12 pages, 4 figures and 2 tables</arxiv:comment>\n"))
    add(tree, ARXIV)
    assert load(tree).paper("epsilon").notes == []


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        pytest.param(FEED.format(entries=""), 200, "arXiv knows no paper 2402.02400; correct the id", id="no entry"),
        pytest.param(FEED.format(entries=ERROR_ENTRY), 400, "no paper 2402.02400 (incorrect id format", id="error"),
        pytest.param(feed(arxiv_id="2402.99999"), 200, "arXiv knows no paper 2402.02400; correct", id="another paper"),
        pytest.param(feed(title=" "), 200, "arXiv's answer about 2402.02400 gives no title or no date", id="no title"),
        pytest.param(feed("A <script>x</script> <b"), 200, "makes no record: title holds HTML markup", id="markup"),
        pytest.param(feed()[:900], 200, "arXiv's answer about 2402.02400 is no Atom feed that", id="truncated"),
        pytest.param("<html><body><h1>Sorry</h1></body></html>", 200, "is no Atom feed", id="an HTML page"),
        pytest.param("<!doctype html><html><br>Sorry", 200, "is no Atom feed", id="a broken HTML page"),
        pytest.param("", 200, "is no Atom feed", id="empty"),
        pytest.param(feed("Épsilon").encode("latin-1"), 200, "is no Atom feed", id="not UTF-8"),
        pytest.param(feed().replace("UTF-8", "no-such-encoding"), 200, "is no Atom feed", id="unknown encoding"),
        pytest.param("", 404, "is no Atom feed", id="404"),
        pytest.param("", 503, "is busy or broken (status 503); try again later", id="503"),
        pytest.param("", 429, "is busy or broken (status 429); try again later", id="429 for good"),
    ],
)  # fmt: skip
def test_arxiv_answers_of_no_use(tree: Path, apis: HTTPServer, body: str | bytes, status: int, expected: str) -> None:
    answer(apis, ARXIV, body, status)
    assert expected in refused(tree, ARXIV)


def test_an_entity_bomb_is_refused_at_once(tree: Path, apis: HTTPServer) -> None:
    lines = ['<!ENTITY e0 "bomb">', *(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))]
    bomb = f"<!DOCTYPE feed [{''.join(lines)}]>\n<feed"
    answer(apis, ARXIV, feed("&e9;").replace("<feed", bomb).replace("&amp;e9;", "&e9;"))
    assert "is no Atom feed that can be read" in refused(tree, ARXIV)
