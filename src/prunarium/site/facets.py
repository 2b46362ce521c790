"""The filters of the papers page: what can be chosen, and what each paper has of it."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prunarium.catalog.facets import facet_ids
from prunarium.records import Paper
from prunarium.site.content import Content

FACETS = ("modality", "category", "year", "venue", "code", "runnable")
YES = "yes"


@dataclass(frozen=True)
class Value:
    """One checkbox."""

    id: str
    label: str
    count: int


@dataclass(frozen=True)
class Facet:
    """One group of checkboxes."""

    id: str
    legend: str
    values: tuple[Value, ...]


def values_of(paper: Paper, facet: str, content: Content) -> set[str]:
    """What a paper has of a facet. The filter script reads the same from the row's data attributes."""
    match facet:
        case "code":
            return {YES} if paper.links.code else set()
        case "runnable":
            return {YES} if paper.id in content.methods_of_papers else set()
        case _:
            return facet_ids(paper, facet)


def facets(content: Content) -> list[Facet]:
    """Every facet with the values that occur, and how many papers have each."""
    taxonomy, venues = content.catalogue.taxonomy, content.catalogue.venues
    counts = {
        facet: Counter(value for paper in content.papers for value in values_of(paper, facet, content))
        for facet in FACETS
    }
    by_count = sorted(counts["venue"], key=lambda venue: (-counts["venue"][venue], venue))
    years = sorted(counts["year"], reverse=True)

    def venue_name(venue: str) -> str:
        return venues[venue].name if venue in venues else venue

    return [
        _facet("modality", "Modality", [term.id for term in taxonomy.modalities], counts, content.names.__getitem__),
        _facet("category", "Category", [term.id for term in taxonomy.categories], counts, content.names.__getitem__),
        _facet("year", "Year", years, counts, str),
        _facet("venue", "Venue", by_count, counts, venue_name),
        _facet("code", "Code", [YES], counts, lambda _: "Has code"),
        _facet("runnable", "Runnable", [YES], counts, lambda _: "Runs here"),
    ]


def _facet(
    facet: str, legend: str, ids: Iterable[str], counts: dict[str, Counter[str]], label: Callable[[str], str]
) -> Facet:
    values = tuple(Value(one, label(one), counts[facet][one]) for one in ids if counts[facet][one])
    return Facet(facet, legend, values)
