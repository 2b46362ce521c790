"""What came into the catalogue last: an Atom feed (RFC 4287) and a JSON feed (jsonfeed.org, version 1.1)."""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from prunarium.records import Paper
from prunarium.site.api import json_file
from prunarium.site.content import Content

ATOM, JSON = "feed.xml", "feed.json"
LONGEST = 100
"""A feed holds no more papers than these, the newest."""
_TITLE = "Prunarium: papers added"
_ABOUT = "Papers that came into the catalogue of papers on cheaper transformers, the newest first."
_NAMESPACE = "http://www.w3.org/2005/Atom"
_NEVER = "1970-01-01"
"""What an empty feed, which has to name a day, was last changed on."""


@dataclass(frozen=True)
class Addition:
    """A paper in a feed."""

    paper: Paper
    page: str
    day: str
    summary: str
    tags: tuple[str, ...]

    @property
    def time(self) -> str:
        """The beginning of its day, as RFC 3339 has it: a record says no more than the day."""
        return f"{self.day}T00:00:00Z"


def documents(content: Content) -> dict[str, bytes]:
    """Both feeds, by their path in the docs tree."""
    added = additions(content)
    return {ATOM: _atom(added, content), JSON: json_file(_json(added, content))}


def additions(content: Content) -> list[Addition]:
    """The papers that were added last; those of one day as the table of papers has them."""
    dated = [(paper, paper.added) for paper in content.papers if paper.added]
    newest = sorted(dated, key=lambda pair: pair[1], reverse=True)[:LONGEST]
    return [_addition(paper, day, content) for paper, day in newest]


def _addition(paper: Paper, day: str, content: Content) -> Addition:
    page = content.addresses.page(f"papers/{paper.id}/")
    where = content.catalogue.venue_name(paper)
    facts = [", ".join(paper.authors), f"{where} {paper.year}".strip()]
    facts += [f"prunarium run {method.id}" for method in content.methods_of_papers.get(paper.id, [])]
    tags = tuple(content.names.get(term, term) for term in (*paper.categories, *paper.modalities))
    return Addition(paper, page, day, ". ".join(filter(None, facts)), tags)


def _json(added: list[Addition], content: Content) -> dict[str, object]:
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _TITLE,
        "description": _ABOUT,
        "home_page_url": content.addresses.page("papers/"),
        "feed_url": content.addresses.page(JSON),
        "language": "en",
        "items": [
            {
                "id": one.page,
                "url": one.page,
                "title": one.paper.title,
                "content_text": one.summary,
                "date_published": one.time,
                "authors": [{"name": author} for author in one.paper.authors],
                "tags": list(one.tags),
            }
            | ({"external_url": one.paper.url} if one.paper.url else {})
            for one in added
        ],
    }


def _atom(added: list[Addition], content: Content) -> bytes:
    feed = Element("feed", {"xmlns": _NAMESPACE, "xml:lang": "en"})
    here = content.addresses.page(ATOM)
    _text(feed, "id", here)
    _text(feed, "title", _TITLE)
    _text(feed, "subtitle", _ABOUT)
    _text(feed, "updated", added[0].time if added else f"{_NEVER}T00:00:00Z")
    SubElement(feed, "link", {"rel": "self", "type": "application/atom+xml", "href": here})
    SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": content.addresses.page("papers/")})
    _text(SubElement(feed, "author"), "name", "Prunarium")
    feed.extend(_entries(added))
    ElementTree.indent(feed)
    return ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True) + b"\n"


def _entries(added: list[Addition]) -> Iterator[Element]:
    for one in added:
        entry = Element("entry")
        _text(entry, "id", one.page)
        _text(entry, "title", one.paper.title)
        SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": one.page})
        if one.paper.url:
            SubElement(entry, "link", {"rel": "related", "href": one.paper.url})
        _text(entry, "published", one.time)
        _text(entry, "updated", one.time)
        for author in one.paper.authors:
            _text(SubElement(entry, "author"), "name", author)
        for tag in one.tags:
            SubElement(entry, "category", {"term": tag})
        _text(entry, "summary", one.summary)
        yield entry


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text
