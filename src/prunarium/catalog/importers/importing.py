"""Joins a list to the catalogue: which papers are new, which are known, what disagrees, and what to write."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prunarium.catalog.catalogue import Catalogue
from prunarium.catalog.files import read_text
from prunarium.catalog.identity import taken_ids
from prunarium.catalog.importers import read_list
from prunarium.catalog.importers.drafts import draft
from prunarium.catalog.importers.joining import PaperIndex, copied_code
from prunarium.catalog.importers.proposals import Proposal, UnreadLine
from prunarium.catalog.importers.venues import listed_venue
from prunarium.catalog.places import paper_path, shown_path
from prunarium.catalog.titles import is_address, same_title_key
from prunarium.catalog.writing import add_missing, plain, rewrite, write_new_paper, write_text
from prunarium.errors import PrunariumError
from prunarium.records import Mention, Paper

SURE = ("arXiv id", "DOI", "OpenReview id", "ACL id")
"""What a paper may be found by so that the line's other identifiers are taken to be its own."""


@dataclass(frozen=True)
class Joined:
    """A line of the list that names a paper of the catalogue."""

    paper_id: str
    line: int
    by: str
    known: bool
    """Whether the record has this mention already."""
    fills: tuple[str, ...] = ()
    """What the record lacked and this line gives, such as ``links.code https://...``."""


@dataclass
class Import:
    """What importing a list comes to. Nothing is written before :func:`write`."""

    list_id: str
    new: dict[str, int] = field(default_factory=dict)
    """Ids of the papers to add, with the line of each."""
    joined: list[Joined] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    unread: list[UnreadLine] = field(default_factory=list)
    changed: dict[str, Paper] = field(default_factory=dict)
    """The papers to write: new ones, and known ones with what is added to them."""
    added: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What is added to known papers, field by field, as plain data."""

    @property
    def added_mentions(self) -> int:
        """How many mentions writing would add to papers that the catalogue has."""
        return sum(not joined.known for joined in self.joined)


def import_list(catalogue: Catalogue, text: str, list_id: str) -> Import:
    """Compare the text of a list with the catalogue.

    Raises:
        PrunariumError: the list is not in ``lists.yaml``, or no importer reads its format.
    """
    (known_id,) = catalogue.facets.ids("list", list_id) or {list_id}
    found = read_list(text, catalogue.lists[known_id])
    result = Import(known_id, unread=list(found.unread))
    session = _Session(catalogue, result, copied_code(found.proposals))
    for proposal in found.proposals:
        session.take(proposal)
    return result


class _Session:
    """The state of one import: the papers as they would be after it."""

    def __init__(self, catalogue: Catalogue, result: Import, copied: dict[int, str]) -> None:
        self.catalogue = catalogue
        self.index = PaperIndex(catalogue.papers)
        self.result = result
        self.copied = copied
        self.matched: dict[str, list[Mention]] = {}

    def conflict(self, proposal: Proposal, words: str) -> None:
        """Note something that a person should look at."""
        self.result.conflicts.append(f"line {proposal.mention.line}: {words}")

    def take(self, proposal: Proposal) -> None:
        """Join a proposal to its paper, or make a new one."""
        matches = self.index.find(proposal)
        if len(matches) > 1:
            others = " and ".join(f"'{paper_id}' by {by}" for paper_id, by in matches[1:])
            self.conflict(proposal, f"taken for '{matches[0][0]}' by {matches[0][1]}, but it is also {others}")
        for namesake in set(self.index.namesakes(proposal)) - {paper_id for paper_id, _ in matches}:
            self.conflict(proposal, f"has the title of '{namesake}', but another arXiv id or DOI; check them")
        if matches:
            self._join(proposal, *matches[0])
        else:
            self._add(proposal)

    def _add(self, proposal: Proposal) -> None:
        mention = proposal.mention
        if is_address(mention.title):
            self.conflict(proposal, f"gives the address {mention.title} in place of a title; find the title")
        try:
            paper = draft(proposal, self.catalogue, taken_ids(self.index.papers.values()), self._links(proposal, None))
        except PrunariumError as error:
            self.result.unread.append(UnreadLine(mention.line, mention.title, str(error)))
            return
        if mention.venue and paper.venue is None:
            self.conflict(proposal, f"the venue '{mention.venue}' is not in venues.yaml; add it to both")
        self.index.put(paper)
        self.matched[paper.id] = [mention]
        self.result.new[paper.id] = mention.line
        self.result.changed[paper.id] = paper

    def _join(self, proposal: Proposal, paper_id: str, by: str) -> None:
        paper, mention = self.index.papers[paper_id], proposal.mention
        known = self._known_mention(paper, mention)
        if known is not None:
            self.result.joined.append(Joined(paper_id, mention.line, by, known=True))
            self._compare_mentions(proposal, paper_id, known)
            return
        self._compare(proposal, paper)
        fills = self._fills(proposal, paper, by)
        named = tuple(f"{name} {value}" for name, value in _flat(fills) if not name.startswith("sources."))
        self.result.joined.append(Joined(paper_id, mention.line, by, known=False, fills=named))
        data = plain(paper)
        for name, values in fills.items():
            data[name] = {**data.get(name, {}), **values}
        data["mentions"] = [*data.get("mentions", []), plain(mention)]
        changed = Paper.model_validate(data)
        self.matched.setdefault(paper_id, []).append(mention)
        self.index.put(changed)
        self.result.changed[paper_id] = changed
        self._add_to_file(paper_id, {**fills, "mentions": [plain(mention)]})

    def _add_to_file(self, paper_id: str, data: dict[str, Any]) -> None:
        added = self.result.added.setdefault(paper_id, {"mentions": []})
        added["mentions"] += data.pop("mentions")
        for name, values in data.items():
            added.setdefault(name, {}).update(values)

    def _fills(self, proposal: Proposal, paper: Paper, by: str) -> dict[str, dict[str, Any]]:
        """What the line gives and the record lacks. An identifier is taken only where another one says who it is."""
        known = plain(paper.identifiers)
        missing = {name: value for name, value in self._identifiers(proposal).items() if name not in known}
        if by not in SURE:
            for name, value in missing.items():
                self.conflict(proposal, f"gives {name} {value}, which '{paper.id}' lacks; add it if it is right")
            missing = {}
        fills = {"identifiers": missing, "links": self._links(proposal, paper)}
        source = f"list {proposal.mention.list}, line {proposal.mention.line}"
        fills["sources"] = {name: source for name, _ in _flat(fills) if name not in paper.sources}
        return {name: values for name, values in fills.items() if values}

    def _compare_mentions(self, proposal: Proposal, paper_id: str, known: Mention) -> None:
        """Say what the list says otherwise than when it was imported."""
        mention = proposal.mention
        if known.line != mention.line:
            self.conflict(proposal, f"'{paper_id}' has this mention at line {known.line}; the list has moved")
        for name in ("venue", "year", "authors", "links"):
            before, now = getattr(known, name), getattr(mention, name)
            if before != now:
                words = f"the list has changed: {name} is {_words(now)}, and was {_words(before)}"
                self.conflict(proposal, f"{words} when '{paper_id}' got this mention; correct the record by hand")

    def _known_mention(self, paper: Paper, mention: Mention) -> Mention | None:
        """The record's mention that this line is: the same line, else the same title where the list has moved."""
        taken = self.matched.setdefault(paper.id, [])
        open_ones = [one for one in paper.mentions if one.list == mention.list and one not in taken]
        same_title = [one for one in open_ones if one.title == mention.title]
        found = next((one for one in same_title if one.line == mention.line), next(iter(same_title), None))
        if found:
            taken.append(found)
        return found

    def _compare(self, proposal: Proposal, paper: Paper) -> None:
        mention = proposal.mention
        titles = {same_title_key(title) for title in (paper.title, *paper.other_titles)}
        if not is_address(mention.title) and same_title_key(mention.title) not in titles:
            self.conflict(proposal, f"'{paper.id}' has another title: {paper.title}")
        venue = listed_venue(mention, self.catalogue)
        if venue and paper.venue and venue.status != "preprint":
            here, there = (venue.id, venue.year), (paper.venue.id, paper.venue.year)
            if here != there:
                self.conflict(proposal, f"lists {here[0]} {here[1]}; '{paper.id}' has {there[0]} {there[1]}")
        for field_name, value in self._identifiers(proposal).items():
            known = getattr(paper.identifiers, field_name)
            if known and known != value:
                self.conflict(proposal, f"gives {field_name} {value}; '{paper.id}' has {known}")

    def _identifiers(self, proposal: Proposal) -> dict[str, Any]:
        found = {name: proposal.first(name) for name in ("arxiv", "doi", "openreview", "acl")}
        return {name: value for name, value in found.items() if value}

    def _links(self, proposal: Proposal, paper: Paper | None) -> dict[str, Any]:
        """The links to add: never to a paper that has links of the same role, for someone may have chosen those."""
        roles: dict[str, Any] = {role: proposal.all(role) for role in ("paper", "pdf", "project", "other")}
        roles["code"] = [{"url": url} for url in proposal.all("code") if self._own_code(proposal, url, paper)]
        links = paper.links if paper else None
        return {role: urls for role, urls in roles.items() if urls and not (links and getattr(links, role))}

    def _own_code(self, proposal: Proposal, url: str, paper: Paper | None) -> bool:
        owner = self.index.owner_of_code(url)
        if proposal.mention.line in self.copied:
            whose = self.copied[proposal.mention.line]
            self.conflict(proposal, f"the code link {url} is left out, it seems to be that of {whose}")
            return False
        if owner and (paper is None or owner != paper.id):
            self.conflict(proposal, f"the code link {url} is also that of '{owner}'; check it")
        return True


def _flat(fields: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """``[("links.code", "https://...")]``"""
    return [(f"{name}.{part}", _words(value)) for name, values in fields.items() for part, value in values.items()]


def _words(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(part["url"] if isinstance(part, dict) else str(part) for part in value) or "nothing"
    return "nothing" if value is None else str(value)


def write(result: Import, catalogue: Catalogue, root: Path) -> list[Path]:
    """Add the new papers, and to known ones what they lack. What is in a file stays as it is.

    Returns the files that changed.

    Raises:
        PrunariumError: a known paper is not in the file that its id names, or a file cannot be written.
    """
    paths = []
    for paper_id, paper in result.changed.items():
        if paper_id not in catalogue.papers_by_id:
            paths.append(write_new_paper(root, paper))
            continue
        path, data = paper_path(root, paper_id), result.added[paper_id]
        text = rewrite(
            read_text(path, shown_path(root, path)),
            lambda node, data=data: add_missing(node, data, Paper),  # type: ignore[misc]
            shown_path(root, path),
        )
        write_text(path, text)
        paths.append(path)
    return paths
