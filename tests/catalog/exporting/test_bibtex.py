"""BibTeX, as bibtexparser reads it back."""

import logging
import re

import bibtexparser
import pytest
from bibtexparser.entrypoint import LARGE_LIBRARY_WARNING_THRESHOLD
from bibtexparser.middlewares import SeparateCoAuthors
from hypothesis import given
from hypothesis import strategies as st
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

from prunarium.catalog.exporting import bibtex
from prunarium.records import Venue, VenueReference

from .conftest import TEXTS, changed, one_line, own

TEX = get_default_latex_context_db()
TEX.add_context_category(
    "marks that the decoder lacks",
    [
        MacroTextSpec("textbraceleft", "{"),
        MacroTextSpec("textbraceright", "}"),
        MacroTextSpec("textasciicircum", "^"),
    ],
    prepend=True,
)


def read(text: str) -> dict[str, bibtexparser.model.Entry]:
    library = bibtexparser.parse_string(text, append_middleware=[SeparateCoAuthors()])
    assert library.failed_blocks == []
    assert len(library.blocks) == len(library.entries)
    return library.entries_dict


def plain(tex: str) -> str:
    """What TeX prints."""
    return LatexNodes2Text(latex_context=TEX).latex_to_text(tex)


@pytest.mark.filterwarnings("error")
def test_every_record_comes_back(catalogue, caplog) -> None:
    with caplog.at_level(logging.WARNING):
        entries = read(bibtex.text(catalogue, catalogue))
    assert caplog.records == []
    assert list(entries) == [paper.id for paper in catalogue]
    for paper, entry in zip(catalogue, entries.values(), strict=True):
        assert plain(entry["title"]) == one_line(paper.title)
        assert [plain(name) for name in entry["author"]] == paper.authors if paper.authors else "author" not in entry
        assert entry["year"] == str(paper.venue.year if paper.venue else paper.year)
        fields = {name: field.value for name, field in entry.fields_dict.items()}
        assert {name: fields.get(name) for name in ("doi", "eprint", "archiveprefix", "url")} == {
            "doi": paper.identifiers.doi,
            "eprint": paper.identifiers.arxiv,
            "archiveprefix": "arXiv" if paper.identifiers.arxiv else None,
            "url": paper.url,
        }


def test_many_papers_are_written_without_a_warning(caplog) -> None:
    many = [changed(id=f"tome-{number}") for number in range(LARGE_LIBRARY_WARNING_THRESHOLD)]
    with caplog.at_level(logging.WARNING):
        text = bibtex.text(many, own())
    assert text.count("@misc{tome-") + text.count("@inproceedings{tome-") == len(many)
    assert caplog.records == []


@given(title=TEXTS, name=TEXTS, authors=st.lists(TEXTS | st.sampled_from(["A and B", "Example, Ada", "others"])))
def test_hostile_words_come_back(title, name, authors) -> None:
    text = bibtex.text([changed(title=title, name=name, authors=authors)], own())
    entry = read(text)["tome"]
    assert plain(entry["title"]) == one_line(title)
    names = entry["author"] if authors else []
    assert [plain(name) for name in names] == [one_line(author) for author in authors]
    assert text.count("{") == text.count("}"), "BibTeX counts the braces that a backslash precedes"


@pytest.mark.parametrize(
    ("title", "name", "expected"),
    [
        ("Token Merging: Your ViT But Faster", "ToMe", "Token Merging: Your {ViT} But Faster"),
        ("A-ViT: A Post-Training Study of BERT, in 3D", None, "{A-ViT}: A Post-Training Study of {BERT}, in {3D}"),
        ("Honeybee: Projectors for X-Pruner", "Honeybee", "{Honeybee}: Projectors for {X-Pruner}"),
        ("[CLS] Attention is 100% & $x_i$", None, r"[{CLS}] Attention is 100\% \& \$x\_i\$"),
        ("The A_B Set, Half { Open", None, r"The {{A\_B}} Set, Half \textbraceleft{} Open"),
        ("What -- `` and '' are", None, "What -{}- `{}` and '{}' are"),
    ],
)
def test_braces_keep_capitals(catalogue, title, name, expected) -> None:
    assert read(bibtex.text([changed(title=title, name=name)], catalogue))["tome"]["title"] == expected


VENUES = [
    ("conference", "published", None, "inproceedings", {"booktitle": "The Place of \\& Works"}),
    ("conference", "published", "workshop", "inproceedings", {"booktitle": "The Place of \\& Works (workshop)"}),
    ("journal", "accepted", None, "article", {"journal": "The Place of \\& Works"}),
    ("conference", "submitted", None, "misc", {"note": "Submitted to The Place of \\& Works"}),
    ("preprint-server", "preprint", None, "misc", {"eprint": "2210.09461", "archiveprefix": "arXiv"}),
    ("university", "published", "Master's thesis", "mastersthesis", {"school": "The Place of \\& Works"}),
    ("university", "published", "PhD thesis", "phdthesis", {"school": "The Place of \\& Works"}),
    ("university", "published", None, "phdthesis", {"school": "The Place of \\& Works", "type": "Thesis"}),
    ("website", "published", None, "misc", {"howpublished": "The Place of \\& Works"}),
]


@pytest.mark.parametrize(("kind", "status", "track", "entry_type", "fields"), VENUES)
def test_the_type_says_where(catalogue, monkeypatch, kind, status, track, entry_type, fields) -> None:
    place = Venue(id="place", name="Place", full_name="The Place of & Works", kind=kind)
    monkeypatch.setitem(catalogue.venues, "place", place)
    reference = VenueReference(id="place", year=2024, status=status, track=track)
    entry = read(bibtex.text([changed(venue=reference)], catalogue))["tome"]
    assert entry.entry_type == entry_type
    where = {name: entry[name] for name in fields}
    assert (where, entry["year"]) == (fields, "2024")
    assert not {"booktitle", "journal", "note", "school", "howpublished", "type"} & entry.fields_dict.keys() - set(
        fields
    )


def test_without_a_venue_it_is_a_misc(catalogue) -> None:
    text = bibtex.text([changed(venue=None, withdrawn=True)], catalogue)
    assert text.startswith("@misc{tome,\n")
    assert re.search(r"note = \{withdrawn\}", text)
