"""The papers to read next: a few for each paper, every one with the reasons why."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prunarium.catalog.facets import fold
from prunarium.records import Paper
from prunarium.site.lineage import Lineage

SHOWN = 6
_NEAR = 6
"""How many papers of a group are looked at on either side: the work grows with the catalogue, not with its square."""
_ABSENCE = "no-reduction"
"""The category of papers that have nothing of what the others have: it ties no two of them."""


@dataclass(frozen=True)
class Related:
    """A paper, and what it shares with the one that the reader looks at."""

    paper: Paper
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class _Traits:
    """What two papers may share, as sets."""

    paper: Paper
    categories: frozenset[str]
    modalities: frozenset[str]
    authors: frozenset[str]
    venue: str

    @property
    def groups(self) -> Iterator[tuple[str, ...]]:
        """The groups that the paper is in; in the narrow ones its nearest neighbours share the most."""
        yield from (("author", author) for author in sorted(self.authors))
        for category in sorted(self.categories):
            yield "category", category
            yield "category and venue", category, self.venue
            yield from (("category and modality", category, modality) for modality in sorted(self.modalities))
        yield "categories", *sorted(self.categories)


def related(papers: Iterable[Paper], names: Mapping[str, str], lineage: Lineage) -> dict[str, tuple[Related, ...]]:
    """For each paper, by its id, the most related others: the closest first, ``SHOWN`` at most.

    Two papers are related where the method of one has to do with that of the other, or where they share a category, or
    two authors. A shared venue, modality and year decide who comes first. Withdrawn papers and duplicates are nobody's.

    Args:
        papers: the catalogue.
        names: what readers see for the id of a category, a modality or a venue.
        lineage: what methods have to do with each other.
    """
    traits = {paper.id: _traits(paper) for paper in papers}
    groups: defaultdict[tuple[str, ...], list[tuple[int, str]]] = defaultdict(list)
    for one in traits.values():
        if not one.paper.withdrawn and not one.paper.duplicate_of:
            for group in one.groups:
                groups[group].append((one.paper.year, one.paper.id))
    for members in groups.values():
        members.sort()
    found = {}
    for one in traits.values():
        kin = {other: why for other, why in lineage.get(one.paper.id, {}).items() if other in traits}
        others = set(kin).union(*(_near(groups[group], one.paper) for group in one.groups)) - {one.paper.id}
        ranked = sorted((_rank(one, traits[other], kin), other) for other in others)
        best = [traits[other] for (weight, _), other in ranked if weight < 0][:SHOWN]
        found[one.paper.id] = tuple(Related(other.paper, tuple(_reasons(one, other, names, kin))) for other in best)
    return found


def _traits(paper: Paper) -> _Traits:
    authors = frozenset(fold(author) for author in paper.authors)
    venue = paper.venue.id if paper.venue and paper.venue.status in ("accepted", "published") else ""
    return _Traits(paper, frozenset(paper.categories) - {_ABSENCE}, frozenset(paper.modalities), authors, venue)


def _near(members: list[tuple[int, str]], paper: Paper) -> list[str]:
    """The members of a group that are nearest to a paper in time."""
    place = bisect_left(members, (paper.year, paper.id))
    return [other for _, other in members[max(0, place - _NEAR) : place + _NEAR + 1]]


def _rank(one: _Traits, other: _Traits, kin: Mapping[str, Sequence[str]]) -> tuple[int, int]:
    """The smaller, the closer: what they share, then how many years lie between. Zero for those not related."""
    categories, authors = len(one.categories & other.categories), len(one.authors & other.authors)
    if other.paper.id not in kin and not categories and authors < 2:
        return 0, 0
    shared = (
        6 * (other.paper.id in kin) + 4 * categories + 3 * min(authors, 3) + 2 * (one.modalities == other.modalities)
    )
    shared += bool(one.modalities & other.modalities) + bool(one.venue and one.venue == other.venue)
    return -shared, abs(one.paper.year - other.paper.year)


def _reasons(one: _Traits, other: _Traits, names: Mapping[str, str], kin: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield from kin.get(other.paper.id, ())
    if authors := [author for author in other.paper.authors if fold(author) in one.authors]:
        yield f"shared authors: {_listed(authors)}"
    if categories := one.categories & other.categories:
        yield f"category: {', '.join(names.get(category, category) for category in sorted(categories))}"
    if modalities := one.modalities & other.modalities:
        yield f"modality: {', '.join(names.get(modality, modality) for modality in sorted(modalities))}"
    if one.venue and one.venue == other.venue:
        yield f"venue: {names.get(one.venue, one.venue)}"


def _listed(authors: list[str]) -> str:
    more = len(authors) - 2
    return ", ".join(authors[:2]) + (f" and {more} more" if more > 0 else "")
