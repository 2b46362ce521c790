"""Lists whose headings name subjects, with bullets such as ``* [ICLR 2023] Title [[Paper](...)][[Code](...)]``."""

import re

from prunarium.catalog.importers.bullet_papers import propose
from prunarium.catalog.importers.bullets import Heading, read_blocks
from prunarium.catalog.importers.proposals import ReadList
from prunarium.catalog.importers.sections import section_and_year, venue_and_year

_TAGGED = re.compile(r"\[([^\[\]]+)\]\s*(.*)", re.DOTALL)


def read(text: str, list_id: str) -> ReadList:
    """The papers of the list."""
    found = ReadList()
    for block in read_blocks(text):
        if isinstance(block, Heading):
            found.headings.update(block.lines)
            continue
        section, year = section_and_year(block.section)
        tagged = _TAGGED.fullmatch(block.text)
        venue, venue_year = venue_and_year(tagged[1]) if tagged else (None, None)
        propose(
            found,
            block,
            title=tagged[2] if tagged else block.text,
            mention={"list": list_id, "section": section, "venue": venue, "year": venue_year or year},
        )
    return found.account_for(text)
