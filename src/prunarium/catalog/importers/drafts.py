"""The first record of a paper that only a list knows: what the list says, and nothing more."""

from collections.abc import Container
from datetime import date
from typing import Any

from pydantic import ValidationError

from prunarium.catalog.catalogue import Catalogue
from prunarium.catalog.identifiers import arxiv_year
from prunarium.catalog.importers.proposals import Proposal
from prunarium.catalog.importers.venues import listed_venue
from prunarium.catalog.titles import acronym, is_address, new_id
from prunarium.catalog.wording import in_words
from prunarium.errors import PrunariumError
from prunarium.records import Paper


def draft(proposal: Proposal, catalogue: Catalogue, taken: Container[str], links: dict[str, Any]) -> Paper:
    """A new record.

    Raises:
        PrunariumError: the list does not say enough for one.
    """
    mention = proposal.mention
    arxiv = proposal.first("arxiv")
    year = mention.year or (arxiv_year(arxiv) if arxiv else None)
    if year is None:
        raise PrunariumError("gives no year, and no arXiv id to take one from; add the paper by hand")
    unnamed = is_address(mention.title)
    name = None if unnamed else acronym(mention.title)
    identifiers = {role: proposal.first(role) for role in ("arxiv", "doi", "openreview", "acl")}
    data = {
        "id": new_id("untitled" if unnamed else mention.title, year, taken, name),
        "title": mention.title,
        "name": name,
        "year": year,
        "venue": listed_venue(mention, catalogue),
        "kind": "method",
        "identifiers": {role: value for role, value in identifiers.items() if value},
        "links": links,
        "mentions": [mention],
    }
    return new_record(data)


def new_record(data: dict[str, Any]) -> Paper:
    """The record that plain data makes, added today.

    Raises:
        PrunariumError: it makes none; with the first fault.
    """
    try:
        return Paper.model_validate({**data, "added": date.today().isoformat()})
    except ValidationError as error:
        finding = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in finding["loc"])
        raise PrunariumError(f"{where} {in_words(finding, Paper)}") from error
