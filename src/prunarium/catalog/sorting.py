"""The order of papers."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from prunarium.catalog.facets import fold
from prunarium.catalog.titles import title_words
from prunarium.errors import PrunariumError, did_you_mean
from prunarium.records import Paper

if TYPE_CHECKING:
    from prunarium.catalog.catalogue import Catalogue

KEYS = ("id", "title", "year", "venue")


def in_order(
    papers: Iterable[Paper], keys: Sequence[str], catalogue: "Catalogue", reverse: bool = False
) -> list[Paper]:
    """The papers by the first key, by the next one where that makes no difference, and last by id.

    ``reverse`` turns every key round. Papers without a value come last in either direction.

    Raises:
        PrunariumError: there is no such key.
    """
    for key in keys:
        if key not in KEYS:
            raise PrunariumError(f"papers cannot be sorted by '{key}'{did_you_mean(key, KEYS)}; use {', '.join(KEYS)}")
    found = sorted(papers, key=lambda paper: paper.id, reverse=reverse and not keys)
    for key in reversed(keys):
        pairs = [(_value(paper, key, catalogue), paper) for paper in found]
        known = sorted((pair for pair in pairs if pair[0]), key=lambda pair: pair[0], reverse=reverse)
        found = [paper for _, paper in [*known, *(pair for pair in pairs if not pair[0])]]
    return found


def _value(paper: Paper, key: str, catalogue: "Catalogue") -> str:
    match key:
        case "title":
            return " ".join(title_words(paper.title))
        case "year":
            return str(paper.year)
        case "venue":
            return fold(catalogue.venue_name(paper))
        case _:
            return paper.id
