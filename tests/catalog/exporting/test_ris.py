"""RIS, as rispy reads it back."""

import warnings

import rispy
from hypothesis import given
from hypothesis import strategies as st

from prunarium.catalog.exporting import ris
from prunarium.records import Venue, VenueReference

from .conftest import TEXTS, changed, one_line, own


def test_every_record_comes_back(catalogue) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        references = rispy.loads(ris.text(catalogue, catalogue))
    assert [reference["id"] for reference in references] == [paper.id for paper in catalogue]
    for paper, reference in zip(catalogue, references, strict=True):
        assert reference["title"] == one_line(paper.title)
        assert reference.get("authors", []) == paper.authors
        assert reference.get("doi") == paper.identifiers.doi
        arxiv = f"arXiv:{paper.identifiers.arxiv}" if paper.identifiers.arxiv else None
        assert reference.get("accession_number") == arxiv
        assert reference.get("urls", []) == ([paper.url] if paper.url else [])
        assert reference["year"] == str(paper.venue.year if paper.venue else paper.year)
        terms = [*paper.categories, *paper.modalities]
        assert reference.get("keywords", []) == [catalogue.names[term] for term in terms]


@given(title=TEXTS, authors=st.lists(TEXTS))
def test_hostile_words_come_back(title, authors) -> None:
    [reference] = rispy.loads(ris.text([changed(title=title, authors=authors)], own()))
    assert reference["title"] == one_line(title)
    assert reference.get("authors", []) == [one_line(author) for author in authors]


def test_no_line_is_without_a_tag(catalogue) -> None:
    lines = ris.text(catalogue, own()).splitlines()
    assert all(line == "" or line[2:5] == "  -" for line in lines)


def test_a_thesis_names_its_school(catalogue, monkeypatch) -> None:
    school = Venue(id="school", name="UoE", full_name="University of Examples", kind="university")
    monkeypatch.setitem(catalogue.venues, "school", school)
    venue = VenueReference(id="school", year=2024, status="published", track="master's thesis")
    [reference] = rispy.loads(ris.text([changed(venue=venue, kind="thesis")], catalogue))
    found = [reference[name] for name in ("type_of_reference", "publisher", "type_of_work")]
    assert found == ["THES", "University of Examples", "Master's thesis"]
