"""What a table can be filtered by: its facets with their values, and those of the papers."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prunarium.catalog.facets import facet_ids
from prunarium.records import Paper
from prunarium.site.content import Content

FACETS = ("modality", "code", "runnable", "measured", "category", "year", "venue", "kind", "training", "list")
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

    @property
    def is_flag(self) -> bool:
        """Whether a row has it or not, and nothing else can be chosen."""
        return [value.id for value in self.values] == [YES]


def facet(name: str, legend: str, labels: Mapping[str, str], rows: Iterable[set[str]]) -> Facet:
    """A facet of a table: of the values, in the order of their labels, those that a row has."""
    counts = Counter(value for row in rows for value in row)
    return Facet(name, legend, tuple(Value(one, label, counts[one]) for one, label in labels.items() if counts[one]))


def values_of(paper: Paper, name: str, content: Content) -> set[str]:
    """What a paper has of a facet. The filter script reads the same from the row's data attributes."""
    methods = content.methods_of_papers.get(paper.id, [])
    match name:
        case "code":
            return {YES} if paper.links.code else set()
        case "runnable":
            return {YES} if methods else set()
        case "measured":
            return {YES} if any(method.runs for method in methods) else set()
        case _:
            return facet_ids(paper, name)


def facets(content: Content) -> list[Facet]:
    """Every facet of the papers, in the order of the page."""
    catalogue = content.catalogue
    rows = {name: [values_of(paper, name, content) for paper in content.papers] for name in FACETS}
    by_count = Counter(sorted(value for row in rows["venue"] for value in row)).most_common()
    names = {venue.id: venue.name for venue in catalogue.venues.values()}
    years = sorted({value for row in rows["year"] for value in row}, reverse=True)
    taxonomy = catalogue.taxonomy
    labels = {
        "modality": ("Modality", {term.id: term.name for term in taxonomy.modalities}),
        "code": ("Availability", {YES: "Has code"}),
        "runnable": ("Availability", {YES: "Runs here"}),
        "measured": ("Availability", {YES: "Has measured scores"}),
        "category": ("Category", {term.id: term.name for term in taxonomy.categories}),
        "year": ("Year", {year: year for year in years}),
        "venue": ("Venue", {venue: names.get(venue, venue) for venue, _ in by_count}),
        "kind": ("Kind", {term.id: term.name for term in taxonomy.kinds}),
        "training": ("Training", {term.id: term.name for term in taxonomy.training}),
        "list": ("List", {one.id: one.title for one in catalogue.lists.values()}),
    }
    return [facet(name, *labels[name], rows[name]) for name in FACETS]
