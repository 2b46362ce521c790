"""Papers as RIS, which reference managers read."""

from collections.abc import Iterable
from typing import Any

import rispy  # type: ignore[import-untyped]

from prunarium.catalog.catalogue import Catalogue
from prunarium.catalog.exporting.publication import Form, degree, publication
from prunarium.records import Paper

_TYPES: dict[Form, str] = {
    "journal": "JOUR",
    "proceedings": "CPAPER",
    "thesis": "THES",
    "website": "ELEC",
    "submitted": "UNPB",
    "preprint": "UNPB",
    "unknown": "GEN",
}

_DEGREES = {"doctor": "PhD thesis", "master": "Master's thesis", "unknown": ""}


class _Writer(rispy.RisWriter):
    def set_header(self, count: int) -> str:
        return ""  # rispy would put a line with a number before each reference, which the format does not know


def text(papers: Iterable[Paper], catalogue: Catalogue) -> str:
    """One reference for each paper. Its id is the paper's."""
    return rispy.dumps([_reference(paper, catalogue) for paper in papers], implementation=_Writer)


def _reference(paper: Paper, catalogue: Catalogue) -> dict[str, Any]:
    found = publication(paper, catalogue)
    where = "publisher" if found.form == "thesis" else "secondary_title"
    values = {
        "type_of_reference": _TYPES[found.form],
        "id": paper.id,
        "title": _line(paper.title),
        "short_title": _line(paper.name or ""),
        "authors": [_line(author) for author in paper.authors],
        "year": str(found.year),
        where: f"Submitted to {found.name}" if found.form == "submitted" else _line(found.name),
        "type_of_work": _DEGREES[degree(paper)] if found.form == "thesis" else "",
        "accession_number": f"arXiv:{paper.identifiers.arxiv}" if paper.identifiers.arxiv else "",
        "doi": paper.identifiers.doi or "",
        "urls": [paper.url.replace(";", "%3B")] if paper.url else [],  # a semicolon ends an address in RIS
        "keywords": [catalogue.names.get(term, term) for term in (*paper.categories, *paper.modalities)],
        "notes": ["withdrawn"] if paper.withdrawn else [],
    }
    return {name: value for name, value in values.items() if value}


def _line(words: str) -> str:
    return " ".join(words.split())
