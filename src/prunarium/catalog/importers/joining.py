"""Finds the record that a proposal is about: by arXiv id, DOI, title, or landing page."""

from collections.abc import Iterable
from typing import Any

from prunarium.catalog.identity import identifier_keys, titles_of
from prunarium.catalog.importers.addresses import same_code_key
from prunarium.catalog.importers.proposals import Proposal
from prunarium.catalog.titles import acronym, is_address, same_title_key
from prunarium.records import Identifiers, Paper

Match = tuple[str, str]
"""The id of a paper, and what it was found by."""


class PaperIndex:
    """The papers by all that a list may know them by. It follows each paper that an import adds."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        self.papers: dict[str, Paper] = {}
        self._owners: dict[tuple[str, str], str] = {}
        for paper in papers:
            self.put(paper)

    def put(self, paper: Paper) -> None:
        """Add a paper, or its new state. Who came first keeps what two papers share."""
        self.papers[paper.id] = paper
        keys = [*identifier_keys(paper.identifiers), *(("title", key) for key in titles_of(paper))]
        keys += [("landing page", page) for page in (*paper.links.paper, *paper.links.pdf)]
        keys += [("code", same_code_key(code.url)) for code in paper.links.code]
        for key in keys:
            self._owners.setdefault(key, paper.id)

    def find(self, proposal: Proposal) -> list[Match]:
        """The papers that the proposal may be, each with what it was found by, the surest first."""
        title = proposal.mention.title
        roles: dict[str, Any] = {role: proposal.first(role) for role in Identifiers.model_fields}
        keys = identifier_keys(Identifiers.model_construct(**roles))  # a list may give what no record would take
        keys += [] if is_address(title) else [("title", same_title_key(title))]
        keys += [("landing page", page) for page in (*proposal.all("paper"), *proposal.all("pdf"))]
        found: dict[str, str] = {}
        for kind, value in keys:
            owner = self._owners.get((kind, value)) if value else None
            if owner and not (kind == "title" and self._other_identifier(owner, proposal)):
                found.setdefault(owner, kind)
        return list(found.items())

    def namesakes(self, proposal: Proposal) -> list[str]:
        """The paper with the proposal's title, where an identifier says that it is another one."""
        title = proposal.mention.title
        owner = None if is_address(title) else self._owners.get(("title", same_title_key(title)))
        return [owner] if owner and self._other_identifier(owner, proposal) else []

    def _other_identifier(self, paper_id: str, proposal: Proposal) -> bool:
        """Whether an identifier says that the paper is another one, whatever the title says."""
        ids = self.papers[paper_id].identifiers
        known = (ids.arxiv, proposal.first("arxiv")), (ids.doi, proposal.first("doi"))
        return any(mine and listed and mine != listed for mine, listed in known)

    def owner_of_code(self, url: str) -> str | None:
        """The paper that a repository belongs to."""
        return self._owners.get(("code", same_code_key(url)))


def repository_fits(url: str, title: str) -> bool:
    """Whether a repository's name and a paper's title look like one another."""
    repository = same_title_key(same_code_key(url).split("/", 2)[-1])
    name = same_title_key(acronym(title) or "")
    whole = same_title_key(title)
    return bool(repository) and (repository in whole or (bool(name) and repository.startswith(name)))


def copied_code(proposals: Iterable[Proposal]) -> dict[int, str]:
    """The lines whose code link seems to be copied from the line of another paper: line, and whose it is.

    A repository under two titles belongs to the one whose title it resembles; where that tells nothing, to both.
    """
    sharing: dict[str, dict[str, Proposal]] = {}
    for proposal in proposals:
        for url in proposal.all("code"):
            titles = sharing.setdefault(same_code_key(url), {})
            titles.setdefault(same_title_key(proposal.mention.title), proposal)
    copied: dict[int, str] = {}
    for url, titles in sharing.items():
        fitting = [one for one in titles.values() if repository_fits(f"https://{url}", one.mention.title)]
        if len(titles) > 1 and len(fitting) == 1:
            owner = fitting[0].mention
            others = (one for one in titles.values() if one is not fitting[0])
            copied |= {one.mention.line: f"line {owner.line} ({owner.title})" for one in others}
    return copied
