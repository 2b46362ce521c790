"""Lists whose headings name venue and year, with bullets such as ``- Title [[paper](...)] [[code](...)]``."""

from prunarium.catalog.importers.bullet_papers import propose
from prunarium.catalog.importers.bullets import Heading, read_blocks
from prunarium.catalog.importers.proposals import ReadList
from prunarium.catalog.importers.sections import section_and_year, venue_and_year


def read(text: str, list_id: str) -> ReadList:
    """The papers of the list."""
    found = ReadList()
    for block in read_blocks(text):
        if isinstance(block, Heading):
            found.headings.update(block.lines)
            continue
        section, year = section_and_year(block.section)
        venue, venue_year = venue_and_year(section or "")
        propose(
            found,
            block,
            title=block.text,
            mention={
                "list": list_id,
                "section": section,
                "venue": venue if venue_year else None,  # a heading without a year is a subject, not a venue
                "year": venue_year or year,
            },
        )
    return found.account_for(text)
