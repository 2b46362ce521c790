"""What the catalogue covers: the lists that were screened, what the records lack, and which values have a source."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from prunarium.catalog.statistics import HAS
from prunarium.records import Paper
from prunarium.site.content import Content
from prunarium.site.pages.lists import listed
from prunarium.site.templates import document

_FIELDS = {
    "authors": "Authors",
    "venue_or_preprint": "Venue or preprint server",
    "identifier": "Any identifier",
    "arxiv": "arXiv id",
    "doi": "DOI",
    "address": "Address to read it",
    "code": "Code",
    "categories": "Categories",
    "modalities": "Modalities",
    "training": "Whether it trains",
}
"""What readers see for a field, in the order of the table."""
_HAS = {**HAS, "identifier": lambda paper: paper.identifiers.addresses}


@dataclass(frozen=True)
class Field:
    """A field that a record may lack, with the papers that do."""

    id: str
    name: str
    known: int
    lacking: tuple[Paper, ...]


@dataclass(frozen=True)
class Sourced:
    """A field of the records: how many hold a value, and how many of these say where it was read."""

    field: str
    known: int
    sourced: int


def pages(content: Content) -> dict[str, bytes]:
    """The page."""
    papers = content.papers
    page = document(
        "coverage.html",
        "Coverage",
        "What the catalogue covers: the lists that were screened and when, and what the records lack.",
        "../",
        hide=("toc",),
        content=content,
        rows=listed(content),
        unlisted=[paper for paper in papers if not paper.mentions],
        fields=[_field(name, words, papers) for name, words in _FIELDS.items()],
        published=sum(bool(paper.venue and paper.venue.status == "published") for paper in papers),
        sourced=list(sourced(papers)),
        days=sorted(Counter(paper.added or "" for paper in papers).items(), reverse=True),
        contributing=content.addresses.source("CONTRIBUTING.md"),
    )
    return {"coverage/index.md": page}


def _field(name: str, words: str, papers: list[Paper]) -> Field:
    lacking = tuple(paper for paper in papers if not _HAS[name](paper))
    return Field(name, words, len(papers) - len(lacking), lacking)


def sourced(papers: list[Paper]) -> Iterator[Sourced]:
    """Every field that some record names a source of, the most frequent first."""
    fields = Counter(field for paper in papers for field in paper.sources)
    for field, _ in sorted(fields.items(), key=lambda pair: (-pair[1], pair[0])):
        known = [paper for paper in papers if _value(paper, field) not in (None, [], "unknown")]
        yield Sourced(field, len(known), sum(field in paper.sources for paper in known))


def _value(paper: Paper, field: str) -> object:
    """What a record holds at a field such as ``identifiers.arxiv``."""
    value: object = paper
    for part in field.split("."):
        value = getattr(value, part, None)
    return value
