"""Reads other people's lists of papers: one module per format, all with the same result."""

from collections.abc import Callable

from prunarium.catalog.importers import linked_bullets, references, tables, venue_bullets
from prunarium.catalog.importers.proposals import Proposal, ReadList, UnreadLine
from prunarium.records import PaperList

READERS: dict[str, Callable[[str, str], ReadList]] = {
    "linked-bullets": linked_bullets.read,
    "venue-bullets": venue_bullets.read,
    "tables": tables.read,
    "references": references.read,
}


def read_list(text: str, paper_list: PaperList) -> ReadList:
    """The papers that the text of a list proposes, and what is left of it."""
    return READERS[paper_list.format](text, paper_list.id)


__all__ = ["READERS", "Proposal", "ReadList", "UnreadLine", "read_list"]
