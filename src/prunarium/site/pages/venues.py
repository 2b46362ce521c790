"""The venues, and a page for each of them."""

from collections import Counter
from collections.abc import Iterator

from prunarium.site.content import Content
from prunarium.site.groups import Group, groups
from prunarium.site.templates import document

_KINDS = {
    "conference": "Conferences",
    "journal": "Journals",
    "workshop": "Workshops",
    "preprint-server": "Preprint servers",
    "university": "Universities",
    "website": "Websites",
}


def pages(content: Content) -> dict[str, bytes]:
    """The table, and one page for each venue."""
    venues = groups(content, "venue")
    index = document(
        "venues.html",
        "Venues",
        f"The {len(venues)} conferences, journals and other places where the papers of the catalogue appeared.",
        "../",
        hide=("toc",),
        content=content,
        venues=venues,
        kinds=list(_by_kind(venues)),
        most=max((len(venue.papers) for venue in venues), default=0),
        nowhere=sum(paper.venue is None for paper in content.papers),
    )
    return {"venues/index.md": index} | {f"{venue.page}index.md": _venue(venue, content) for venue in venues}


def _by_kind(venues: list[Group]) -> Iterator[tuple[str, list[Group]]]:
    """The venues of each kind that there is, those with the most papers first."""
    ordered = sorted(venues, key=lambda venue: (-len(venue.papers), venue.name.lower()))
    for kind, heading in _KINDS.items():
        if found := [venue for venue in ordered if venue.record.kind == kind]:
            yield heading, found


def _venue(group: Group, content: Content) -> bytes:
    venue = group.record
    statuses = Counter(paper.venue.status for paper in group.papers if paper.venue).most_common()
    return document(
        "venue.html",
        venue.name,
        f"{venue.full_name}: its {len(group.papers)} papers in the catalogue, by year.",
        "../../",
        content=content,
        group=group,
        kind=venue.kind.replace("-", " "),
        statuses=statuses if venue.kind != "preprint-server" else [],
    )
