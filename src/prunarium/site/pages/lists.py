"""The lists that the catalogue was made from, and a page for each of them."""

from dataclasses import dataclass

from prunarium.records import Mention, Paper
from prunarium.site.content import Content
from prunarium.site.groups import Group, groups
from prunarium.site.templates import document

_FORMS = {
    "linked-bullets": "bullets of linked titles",
    "venue-bullets": "bullets that begin with a venue",
    "tables": "tables",
    "references": "references in running text",
}
_NO_SECTION = "Outside any section"


@dataclass(frozen=True)
class Listed:
    """A list with every mention in the order of its lines; ``only`` counts the papers that no other list names."""

    group: Group
    mentions: tuple[tuple[Paper, Mention], ...]
    only: int


@dataclass(frozen=True)
class Section:
    """A section of a list, in the place of its first mention."""

    name: str
    mentions: tuple[tuple[Paper, Mention], ...]


def pages(content: Content) -> dict[str, bytes]:
    """The table, and one page for each list."""
    rows = listed(content)
    index = document(
        "lists.html",
        "Lists",
        f"The {len(rows)} lists that the catalogue was made from: what they hold, and when they were screened.",
        "../",
        hide=("toc",),
        rows=rows,
    )
    return {"lists/index.md": index} | {f"{row.group.page}index.md": _list(row) for row in rows}


def listed(content: Content) -> list[Listed]:
    """Every list with its mentions."""
    return [_listed(group) for group in groups(content, "list")]


def _listed(group: Group) -> Listed:
    pairs = [(paper, mention) for paper in group.papers for mention in paper.mentions if mention.list == group.id]
    only = sum({mention.list for mention in paper.mentions} == {group.id} for paper in group.papers)
    return Listed(group, tuple(sorted(pairs, key=lambda pair: pair[1].line)), only)


def sections(row: Listed) -> list[Section]:
    """The sections of a list, in its order."""
    found: dict[str, list[tuple[Paper, Mention]]] = {}
    for paper, mention in row.mentions:
        found.setdefault(mention.section or _NO_SECTION, []).append((paper, mention))
    return [Section(name, tuple(mentions)) for name, mentions in found.items()]


def _list(row: Listed) -> bytes:
    group = row.group
    return document(
        "list.html",
        group.name,
        f"{group.name}: the {len(group.papers)} papers of the catalogue that this list names, as it names them.",
        "../../",
        group=group,
        form=_FORMS[group.record.format],
        mentions=len(row.mentions),
        only=row.only,
        sections=sections(row),
    )
