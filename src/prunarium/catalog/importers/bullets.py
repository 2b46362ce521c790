"""A Markdown document as headings and bullets: the text of each bullet, its links, and what follows them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from prunarium.catalog.importers.sections import clean_heading

_BRACKETS = " \t[](){}|,;:·•-–—/"


@dataclass(frozen=True)
class Link:
    """A link of a bullet."""

    label: str
    url: str


@dataclass
class Bullet:
    """One bullet: the text before its first link, its links, and any words after that."""

    lines: range
    section: list[str]
    """The headings above it, outermost first, in plain words."""
    text: str = ""
    links: list[Link] = field(default_factory=list)
    remainder: str = ""


@dataclass(frozen=True)
class Heading:
    """A heading's line or lines."""

    lines: range


def read_blocks(text: str) -> Iterator[Heading | Bullet]:
    """The headings and bullets of a document, in order. Other blocks give nothing."""
    tokens = MarkdownIt("commonmark").parse(text)
    section: dict[int, str] = {}
    for position, token in enumerate(tokens):
        if token.type != "inline" or token.map is None:
            continue
        lines = range(token.map[0] + 1, token.map[1] + 1)
        opening = tokens[position - 1]
        if opening.type == "heading_open":
            level = int(opening.tag[1:])
            section = {above: words for above, words in section.items() if above < level}
            section[level] = clean_heading(plain_text(token.children or []))
            start, end = opening.map or token.map
            yield Heading(range(start + 1, end + 1))
        elif tokens[position - 2].type == "list_item_open":
            bullet = Bullet(lines, [words for _, words in sorted(section.items()) if words])
            _fill(bullet, token.children or [])
            yield bullet


def plain_text(tokens: list[Token]) -> str:
    """The words of inline tokens, without their markup."""
    words = ""
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            words += " "
        elif token.type in ("text", "code_inline", "image", "text_special"):
            words += token.content
    return words


def _fill(bullet: Bullet, tokens: list[Token]) -> None:
    before: list[Token] = []
    after: list[Token] = []
    inside: list[Token] | None = None
    url = ""
    for token in tokens:
        if token.type == "link_open":
            inside, url = [], str(token.attrGet("href") or "")
        elif token.type == "link_close" and inside is not None:
            bullet.links.append(Link(plain_text(inside).strip(), url))
            inside = None
        elif inside is not None:
            inside.append(token)
        else:
            (after if bullet.links else before).append(token)
    bullet.text = " ".join(plain_text(before).split())
    if bullet.links:
        bullet.text = bullet.text.rstrip(" [(|")
    bullet.remainder = " ".join(plain_text(after).split()).strip(_BRACKETS)
