"""What tells a paper from every other one: its identifiers, and all the titles that it is known by."""

import re
from collections.abc import Iterable

from prunarium.catalog.identifiers import arxiv_id_in_doi
from prunarium.catalog.titles import is_address, same_title_key
from prunarium.records import Identifiers, Paper

_ACL_DOI = re.compile(r"10\.18653/v1/(\S+)")

Key = tuple[str, str]
"""What kind of identifier, and its value."""


def identifier_keys(ids: Identifiers) -> list[Key]:
    """The identifiers, the surest first. A DOI that repeats an arXiv or ACL Anthology id counts as that id."""
    keys = [("arXiv id", ids.arxiv), ("DOI", ids.doi), ("OpenReview id", ids.openreview)]
    keys.append(("ACL id", ids.acl.casefold() if ids.acl else None))
    if ids.doi:
        acl = _ACL_DOI.fullmatch(ids.doi)
        keys += [("arXiv id", arxiv_id_in_doi(ids.doi)), ("ACL id", acl[1].casefold() if acl else None)]
    return list(dict.fromkeys((kind, value) for kind, value in keys if value))


def titles_of(paper: Paper) -> dict[str, str]:
    """Every title of the paper, the lists' too, by what is left of it once case and punctuation do not count."""
    titles = [paper.title, *paper.other_titles, *(mention.title for mention in paper.mentions)]
    found: dict[str, str] = {}
    for title in titles:
        if not is_address(title) and (key := same_title_key(title)):
            found.setdefault(key, title)
    return found


def taken_ids(papers: Iterable[Paper]) -> set[str]:
    """The ids that no new record may have: those of all records, and their former ones."""
    return {paper_id for paper in papers for paper_id in (paper.id, *paper.aliases)}
