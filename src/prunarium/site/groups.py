"""The papers that have one thing in common, such as a venue or a year: each such group has a page of its own."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prunarium.catalog.facets import facet_ids
from prunarium.records import Paper
from prunarium.site.content import Content

FOLDERS = {
    "venue": "venues",
    "category": "categories",
    "modality": "modalities",
    "kind": "kinds",
    "training": "training",
    "list": "lists",
    "year": "years",
}
"""Where the pages of a facet's values are, by the facet's name in the addresses of the papers page."""
VOCABULARIES = {facet: FOLDERS[facet] for facet in ("category", "modality", "kind", "training")}
"""The facets whose values are terms of ``taxonomy.yaml``, with their names there."""


@dataclass(frozen=True)
class Group:
    """A value of a facet, with its papers, newest first. ``record`` says more of it; a year has none."""

    facet: str
    id: str
    name: str
    record: Any = None
    papers: tuple[Paper, ...] = field(default=(), repr=False)

    @property
    def page(self) -> str:
        """Its page, from the root of the site."""
        return f"{FOLDERS[self.facet]}/{self.id}/"

    @property
    def filtered(self) -> str:
        """The papers page with nothing but its papers, from the root of the site."""
        return f"papers/?{self.facet}={self.id}"

    @property
    def years(self) -> dict[int, int]:
        """How many of its papers are of a year, in order; years without one are left out."""
        return dict(sorted(Counter(paper.year for paper in self.papers).items()))

    @property
    def span(self) -> str:
        """``2021–2025``, ``2023``, or nothing."""
        ends = dict.fromkeys((*list(self.years)[:1], *list(self.years)[-1:]))
        return "–".join(map(str, ends))


def groups(content: Content, facet: str) -> list[Group]:
    """Every value of a facet, in the order of its file, also those that no paper has; years with the newest first."""
    papers: dict[str, list[Paper]] = {}
    for paper in content.papers:
        for value in facet_ids(paper, facet):
            papers.setdefault(value, []).append(paper)
    named = {year: (year, None) for year in sorted(papers, reverse=True)} if facet == "year" else _named(content, facet)
    return [Group(facet, one, name, record, tuple(papers.get(one, ()))) for one, (name, record) in named.items()]


def _named(content: Content, facet: str) -> Mapping[str, tuple[str, Any]]:
    """The name and the record of every value that a file of the catalogue holds, by id."""
    catalogue = content.catalogue
    match facet:
        case "venue":
            return {venue.id: (venue.name, venue) for venue in catalogue.venues.values()}
        case "list":
            return {one.id: (one.title, one) for one in catalogue.lists.values()}
        case _:
            terms = getattr(catalogue.taxonomy, VOCABULARIES[facet])
            return {term.id: (term.name, term) for term in terms}
