"""A paper as Highwire tags, which reference managers read from the head of a page."""

from collections.abc import Iterator

from prunarium.catalog import Catalogue
from prunarium.catalog.exporting.publication import Form, publication
from prunarium.records import Paper

_PLACES: dict[Form, str] = {
    "journal": "citation_journal_title",
    "proceedings": "citation_conference_title",
    "thesis": "citation_dissertation_institution",
}

Tags = list[tuple[str, str]]
"""Names of tags with what they say, in order; a name may come again."""


def citation_tags(paper: Paper, catalogue: Catalogue) -> Tags:
    """The tags of a paper: only what its record states. The page that holds them is not the paper's own."""
    return [(name, value) for name, value in _tags(paper, catalogue) if value]


def pdf_addresses(paper: Paper) -> list[str]:
    """Where the paper is read as PDF: the record's links, and arXiv's."""
    arxiv = f"https://arxiv.org/pdf/{paper.identifiers.arxiv}" if paper.identifiers.arxiv else None
    return list(dict.fromkeys(filter(None, [*paper.links.pdf, arxiv])))


def _tags(paper: Paper, catalogue: Catalogue) -> Iterator[tuple[str, str | None]]:
    found = publication(paper, catalogue)
    yield "citation_title", paper.title
    yield from (("citation_author", author) for author in paper.authors)
    yield "citation_publication_date", str(found.year)
    if place := _PLACES.get(found.form):
        yield place, found.name
    yield "citation_doi", paper.identifiers.doi
    yield "citation_arxiv_id", paper.identifiers.arxiv
    yield "citation_abstract_html_url", paper.url
    yield "citation_pdf_url", next(iter(pdf_addresses(paper)), None)
