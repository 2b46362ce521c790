"""What papers can be filtered by: the closed vocabularies, and what a paper has of each."""

import unicodedata
from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import TypeVar

from prunarium.errors import PrunariumError, did_you_mean
from prunarium.records import Paper, PaperList, Taxonomy, Venue

Choice = str | Iterable[str] | None
"""One value, several (any of them will do), or none (every paper will do)."""

Value = TypeVar("Value", str, int)


def chosen(values: Value | Iterable[Value] | None) -> set[Value] | None:
    """The values as a set; nothing where nothing was chosen, so that everything fits."""
    if values is None:
        return None
    several = isinstance(values, Iterable) and not isinstance(values, str)
    return set(values if several else [values]) or None  # type: ignore[arg-type,list-item]


def chosen_years(values: int | Iterable[int] | None) -> set[int] | None:
    """The years as a set; nothing where none was chosen.

    Raises:
        PrunariumError: one is no whole number, and would fit no paper.
    """
    years = chosen(values)
    for year in years or ():
        if not isinstance(year, Integral) or isinstance(year, bool):
            raise PrunariumError(f"the year {year!r} is no whole number; write it without quotes, as in year=2023")
    return years


class Facets:
    """The vocabularies of one catalogue: for each facet, the id that every accepted spelling stands for."""

    def __init__(self, venues: Mapping[str, Venue], taxonomy: Taxonomy, lists: Mapping[str, PaperList]) -> None:
        self.spellings: dict[str, dict[str, str]] = {
            "modality": _spellings((term.id, [term.name]) for term in taxonomy.modalities),
            "category": _spellings((term.id, [term.name]) for term in taxonomy.categories),
            "kind": _spellings((term.id, [term.name]) for term in taxonomy.kinds),
            "training": _spellings((term.id, [term.name]) for term in taxonomy.training),
            "venue": _spellings((venue.id, [venue.name, venue.full_name, *venue.aliases]) for venue in venues.values()),
            "list": _spellings((paper_list.id, [paper_list.title]) for paper_list in lists.values()),
        }

    def ids(self, facet: str, values: Choice) -> set[str] | None:
        """The ids that the values stand for.

        Raises:
            PrunariumError: a value is not in the vocabulary.
        """
        wanted = chosen(values)
        if wanted is None:
            return None
        known = self.spellings[facet]
        for value in sorted(wanted):
            if value.casefold() not in known:
                ids = sorted(set(known.values()))
                guess = did_you_mean(value.casefold(), [*ids, *known])
                raise PrunariumError(f"there is no {facet} '{value}'{guess}; choose from {', '.join(ids)}")
        return {known[value.casefold()] for value in wanted}

    @staticmethod
    def fits(paper: Paper, wanted: Mapping[str, set[str] | None]) -> bool:
        """Whether the paper has one of the wanted ids of every facet that is asked for."""
        return all(ids is None or ids & facet_ids(paper, facet) for facet, ids in wanted.items())


def facet_ids(paper: Paper, facet: str) -> set[str]:
    """What the paper has of a facet."""
    match facet:
        case "modality":
            return set(paper.modalities)
        case "category":
            return set(paper.categories)
        case "kind":
            return {paper.kind}
        case "training":
            return {paper.training}
        case "venue":
            return {paper.venue.id} if paper.venue else set()
        case "year":
            return {str(paper.year)}
        case _:
            return {mention.list for mention in paper.mentions}


def searchable(paper: Paper) -> str:
    """The text that the words of a search are looked up in."""
    return "\n".join([paper.title, *paper.other_titles, paper.name or "", *paper.authors, *paper.notes])


def fold(text: str) -> str:
    """Lower case without accents, so that ``Bjorn`` finds ``Björn``."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(mark for mark in decomposed if not unicodedata.category(mark).startswith("M")).lower()


def _spellings(terms: Iterable[tuple[str, list[str]]]) -> dict[str, str]:
    known: dict[str, str] = {}
    for term_id, names in terms:
        for name in (term_id, *names):
            known.setdefault(name.casefold(), term_id)
    return known
