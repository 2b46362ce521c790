"""From a bullet to a proposal: its title, its links sorted by what they lead to, and what cannot be kept."""

import re

from prunarium.catalog.importers.addresses import Address, classify, is_web
from prunarium.catalog.importers.bullets import Bullet, Link
from prunarium.catalog.importers.proposals import ReadList

_REFUSED_LINK = re.compile(r"\[+[^\[\]]*\]\(.*")
"""A link to something that Markdown does not link to, such as a script, and what follows it."""

_LABELS = frozenset(
    ["abs", "arxiv", "code", "github", "homepage", "link", "openreview", "page", "paper", "pdf", "project", "website"]
)


def propose(found: ReadList, bullet: Bullet, title: str, mention: dict[str, object]) -> None:
    """Add what the bullet says to the list that is being read."""
    line = bullet.lines.start
    links = bullet.links
    if not links:
        found.leave(line, bullet.text, "names no link; add one, or add the paper by hand")
        return
    if all(link.url.startswith("#") for link in links):
        found.leave(line, f"{bullet.text} {links[0].label}", "leads to a place in the list itself")
        return
    if refused := _REFUSED_LINK.search(title):
        found.leave(line, refused[0], "is no link to a web address; correct it in the record by hand")
        title = title[: refused.start()].rstrip()
    if not title and links[0].label.casefold() not in _LABELS:
        title = links[0].label  # the title is itself the link
    if not title:
        found.leave(line, " ".join(link.url for link in links), "gives no title; add the paper by hand")
        return
    if bullet.remainder:
        found.leave(line, bullet.remainder, "follows the links; keep it as a note in your own words if it matters")
    addresses, urls = _sort(found, links, line)
    if not urls:
        return  # each of the links is kept as unread
    found.propose({**mention, "title": title, "line": line, "links": urls}, addresses, bullet.lines)


def _sort(found: ReadList, links: list[Link], line: int) -> tuple[list[Address], list[str]]:
    addresses: list[Address] = []
    urls: list[str] = []
    for link in links:
        if is_web(link.url):
            addresses.append(classify(link.url, link.label))
            urls.append(link.url)
        else:
            found.leave(line, f"{link.label} {link.url}", "is no web address; correct it in the record by hand")
    return addresses, urls
