"""Reads other people's lists of papers: one module per format, all with the same result."""

from collections.abc import Callable

from prunarium.catalog.importers import linked_bullets, venue_bullets
from prunarium.catalog.importers.proposals import Proposal, ReadList, UnreadLine
from prunarium.errors import PrunariumError
from prunarium.records import PaperList

READERS: dict[str, Callable[[str, str], ReadList]] = {
    "linked-bullets": linked_bullets.read,
    "venue-bullets": venue_bullets.read,
}


def read_list(text: str, paper_list: PaperList) -> ReadList:
    """The papers that the text of a list proposes, and what is left of it.

    Raises:
        PrunariumError: there is no importer for the format of the list.
    """
    if paper_list.format not in READERS:
        raise PrunariumError(
            f"there is no importer for lists of the format '{paper_list.format}' yet; there is {' and '.join(READERS)}"
        )
    return READERS[paper_list.format](text, paper_list.id)


__all__ = ["READERS", "Proposal", "ReadList", "UnreadLine", "read_list"]
