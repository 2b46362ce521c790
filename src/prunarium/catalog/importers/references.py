"""Lists of references in free text, one to a line: ``- A Name, B Name, 3 May 2024, The Title, https://...``."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from prunarium.catalog.importers.addresses import Address, classify, identifiers_in, is_web
from prunarium.catalog.importers.proposals import ReadList, text_lines
from prunarium.catalog.importers.reference_text import parts

_BULLET = re.compile(r"\s*(?:[-*•]|\d+\.|\[\d+\])\s+(?=\S)")
_URL = re.compile(r"https?:/{1,2}[^\s<>\"”“'|]+", re.IGNORECASE)
_SCRIPT = re.compile(r"\b(?:javascript|data|file|mailto):\S+", re.IGNORECASE)
_LABEL = re.compile(r"\b(pdf|code|project|paper|link|website|doi|url|cope)\s*:?\s*$", re.IGNORECASE)
_ONLY_LABELS = re.compile(r"\b(?:pdf|code|project|paper|link|website|doi|url|cope)\b\s*:?|[\s,;.:>\"”]", re.IGNORECASE)
_MEANT = {"": "paper", "doi": "paper", "url": "paper", "cope": "code"}
_SENTENCE_END = (".", ":", ",", ";")
_HEADING_WORDS = 8


@dataclass(frozen=True)
class _Link:
    """A web address of a reference, and the label in front of it."""

    url: str
    label: str
    start: int
    end: int


def read(text: str, list_id: str) -> ReadList:
    """The papers of the list."""
    found = ReadList()
    section = None
    for number, line in enumerate(text_lines(text), start=1):
        bullet = _BULLET.match(line)
        if bullet:
            _propose(found, line[bullet.end() :].strip(), {"list": list_id, "section": section, "line": number})
        elif _is_heading(line):
            section = " ".join(line.strip(" #").split())
            found.headings.add(number)
    return found.account_for(text)


def _is_heading(line: str) -> bool:
    words = line.strip(" #").split()
    return (
        0 < len(words) <= _HEADING_WORDS
        and "://" not in line
        and not line.rstrip().endswith(_SENTENCE_END)
        and words[0][0].isupper()
    )


def _propose(found: ReadList, line: str, mention: dict[str, object]) -> None:
    number = int(str(mention["line"]))
    for refused in _SCRIPT.finditer(line):
        found.leave(number, refused[0], "is no web address; correct it in the record by hand")
    line = _SCRIPT.sub("", line)
    links = list(_links(found, line, number))
    if not links:
        found.leave(number, line, "names no link; add one, or add the paper by hand")
        return
    reference = parts(line[: links[0].start])
    title = reference.title
    if not title:
        found.leave(number, line, "gives no title that can be told from the rest; add the paper by hand")
        return
    if remainder := _remainder(line, links):
        found.leave(number, remainder, "follows the links; keep it as a note in your own words if it matters")
    addresses = [_address(link) for link in links]
    addresses += [one for one in identifiers_in(line[: links[0].start]) if one not in addresses]
    details = {"title": title, "authors": reference.authors, "venue": reference.venue, "year": reference.year}
    urls = list(dict.fromkeys(link.url for link in links))
    found.propose({**mention, **{key: value for key, value in details.items() if value}, "links": urls}, addresses)


def _links(found: ReadList, line: str, number: int) -> Iterator[_Link]:
    end = 0
    for match in _URL.finditer(line):
        url = match[0].rstrip(".,;:")
        while url.endswith(")") and url.count(")") > url.count("("):
            url = url[:-1].rstrip(".,;:")
        label = _LABEL.search(line[end : match.start()])
        end = match.start() + len(url)
        if is_web(url):
            yield _Link(url, label[1] if label else "", match.start(), end)
        else:
            found.leave(number, url, "is no web address; correct it in the record by hand")


def _address(link: _Link) -> Address:
    """An address without a label leads to the paper."""
    label = link.label.casefold()
    return classify(link.url, _MEANT.get(label, label))


def _remainder(line: str, links: list[_Link]) -> str:
    """The words after the first link that are neither links nor their labels."""
    between = [line[one.end : following.start] for one, following in itertools.pairwise(links)]
    words = " ".join([*between, line[links[-1].end :]])
    return words.strip(" ,;.") if _ONLY_LABELS.sub("", words) else ""
