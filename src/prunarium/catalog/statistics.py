"""How many papers have what, and of how many it is unknown."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prunarium.catalog.facets import facet_ids
from prunarium.records import Paper

FACETS = ("year", "venue", "category", "modality", "kind", "training", "list")
HAS: Mapping[str, Callable[[Paper], object]] = {
    "authors": lambda paper: paper.authors,
    "venue_or_preprint": lambda paper: paper.venue,
    "doi": lambda paper: paper.identifiers.doi,
    "arxiv": lambda paper: paper.identifiers.arxiv,
    "address": lambda paper: paper.url,
    "code": lambda paper: paper.links.code,
    "categories": lambda paper: paper.categories,
    "modalities": lambda paper: paper.modalities,
    "training": lambda paper: paper.training != "unknown",
}
"""What a record may lack, and whether one has it."""


@dataclass(frozen=True)
class Completeness:
    """Of how many papers a field is known, and of how many it is not."""

    known: int
    unknown: int


@dataclass(frozen=True)
class Statistics:
    """The counts of some papers. A paper with several values of a facet counts for each of them."""

    papers: int
    counts: dict[str, dict[str, int]]
    completeness: dict[str, Completeness]


def statistics(papers: Iterable[Paper]) -> Statistics:
    """Count the papers: years in order, the values of every other facet with the most frequent first."""
    papers = list(papers)
    return Statistics(len(papers), {facet: _counts(papers, facet) for facet in FACETS}, _completeness(papers))


def _counts(papers: Iterable[Paper], facet: str) -> dict[str, int]:
    counts = Counter(value for paper in papers for value in facet_ids(paper, facet))
    if facet == "year":
        return dict(sorted(counts.items()))
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _completeness(papers: list[Paper]) -> dict[str, Completeness]:
    known = {field: sum(bool(has(paper)) for paper in papers) for field, has in HAS.items()}
    return {field: Completeness(count, len(papers) - count) for field, count in known.items()}
