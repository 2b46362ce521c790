"""``prunarium add``: records from what Crossref says, and one clear line where it says nothing of use."""

import json
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from prunarium.catalog import load
from prunarium.catalog.validate import validate

from .conftest import DOI, add, answer, refused

WORK = {
    "DOI": "10.5555/zeta.1",
    "type": "proceedings-article",
    "title": ["Zeta: Reading <i>Every</i> Third Word &amp; More"],
    "author": [
        {"given": "Ada", "family": "Example", "sequence": "first", "affiliation": []},
        {"given": "Bo", "family": "Sample", "suffix": "Jr.", "sequence": "additional"},
        {"name": "The Third Word Team", "sequence": "additional"},
    ],
    "container-title": ["Proceedings of the 12th Imaginary Conference on Example Learning (ICXL)"],
    "published-online": {"date-parts": [[2022, 12, 30]]},
    "published-print": {"date-parts": [[2023, 6]]},
    "issued": {"date-parts": [[2022, 12, 30]]},
}
UNKNOWN = "which venues.yaml does not hold."


def work(**changes: object) -> str:
    message = {key: value for key, value in {**WORK, **changes}.items() if value is not None}
    return json.dumps({"status": "ok", "message-type": "work", "message-version": "1.0.0", "message": message})


def dated(date: object) -> str:
    """A work with this date in place of its own."""
    return work(issued=date, **{"published-print": None, "published-online": None})


def test_a_crossref_work_becomes_a_valid_record(tree: Path, apis: HTTPServer) -> None:
    answer(apis, DOI, work())
    add(tree, "https://doi.org/10.5555/ZETA.1")
    paper = load(tree).paper("zeta")
    assert paper.title == "Zeta: Reading Every Third Word & More"
    assert paper.authors == ["Ada Example", "Bo Sample Jr.", "The Third Word Team"]
    assert paper.venue is not None and (paper.venue.id, paper.venue.year, paper.venue.status) == (
        "icxl",
        2023,
        "published",
    )
    assert (paper.year, paper.identifiers.doi, paper.notes) == (2023, DOI, [])
    assert set(paper.sources) == {"title", "authors", "year", "venue", "identifiers.doi"}
    assert validate(tree) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"container-title": ["No <i>Where</i>"]}, {"venue": None, "notes": [f"Appeared in No Where, {UNKNOWN}"]}),
        ({"container-title": ["Nowhere"], "event": {"name": "A Meeting", "acronym": "ICXL"}}, {"venue": "icxl"}),
        ({"container-title": None, "institution": [{"name": "IEEE ICXL"}]}, {"venue": "icxl"}),
        ({"container-title": ["A Series", "Example Learning – ICXL 2023"]}, {"venue": "icxl", "track": None}),
        ({"container-title": ["Findings of Example Learning: ICXL 2023"]}, {"venue": "icxl", "track": "findings"}),
        ({"published-print": None}, {"year": 2022}),
        ({"title": ["Zeta"], "subtitle": ["More\n Words"]}, {"title": "Zeta: More Words"}),
        ({"author": None}, {"authors": []}),
        ({"author": [{"family": "Plato"}, "not a mapping", {}]}, {"authors": ["Plato"]}),
    ],
)  # fmt: skip
def test_crossref_records_that_say_less_or_more(
    tree: Path, apis: HTTPServer, changes: dict[str, object], expected: dict[str, object]
) -> None:
    answer(apis, DOI, work(**changes))
    data = json.loads(add(tree, DOI, "--json"))
    paper = load(tree).paper(data["record"]["id"])
    found = paper.model_dump()
    found |= {"venue": paper.venue and paper.venue.id, "track": paper.venue and paper.venue.track}
    assert {field: found[field] for field in expected} == expected
    assert data["written"] is True


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        pytest.param("Resource not found.", 404, "Crossref knows no DOI 10.5555/zeta.1; correct it", id="404"),
        pytest.param(work(title=[]), 200, "Crossref's record of 10.5555/zeta.1 gives no title", id="no title"),
        pytest.param(dated(None), 200, "gives no year", id="no year"),
        pytest.param(dated({"date-parts": [[None]]}), 200, "gives no year", id="an empty year"),
        pytest.param(dated([2022]), 200, "gives no year", id="a year elsewhere"),
        pytest.param("[]", 200, "Crossref's answer about 10.5555/zeta.1 cannot be read", id="a list"),
        pytest.param('{"message": "no"}', 200, "cannot be read", id="no work"),
        pytest.param("<html>Sorry</html>", 200, "cannot be read", id="an HTML page"),
        pytest.param(work()[:200], 200, "cannot be read", id="truncated"),
        pytest.param('{"message": {"title": ["\xe9"]}}'.encode("latin-1"), 200, "cannot be read", id="not UTF-8"),
        pytest.param("[" * 100_000, 200, "cannot be read", id="too deep"),
        pytest.param(dated({"date-parts": [[20222]]}), 200, "makes no record: year is 20222", id="no such year"),
        pytest.param("", 500, "is busy or broken (status 500)", id="500"),
    ],
)  # fmt: skip
def test_crossref_answers_of_no_use(
    tree: Path, apis: HTTPServer, body: str | bytes, status: int, expected: str
) -> None:
    answer(apis, DOI, body, status)
    assert expected in refused(tree, DOI)
