"""Lists of Markdown tables, such as ``|Date|Paper|Author|Conference|`` with a linked title in each row."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

from prunarium.catalog.importers.addresses import classify, is_web
from prunarium.catalog.importers.bullets import Link, plain_text
from prunarium.catalog.importers.proposals import ReadList
from prunarium.catalog.importers.sections import clean_heading, venue_and_year

_COLUMNS = {
    "title": ("paper", "title", "name", "work"),
    "authors": ("author", "authors", "affiliation", "institution", "institute", "organization"),
    "venue": ("conference", "venue", "journal", "publication", "published in", "where"),
    "date": ("date", "year", "time", "month"),
}
_MONTH_ONLY = re.compile(r"\d{4}(?:[./-]\d{1,2})*")


@dataclass(frozen=True)
class _Cell:
    """The words of a cell, and its links."""

    text: str
    links: list[Link]


@dataclass(frozen=True)
class _Row:
    """A row of a table: its line, the heading above the table, and its cells by what their column holds."""

    line: int
    section: str | None
    cells: dict[str, _Cell]
    others: list[_Cell]
    """Cells of columns that say nothing of a paper that this importer knows, or say it a second time."""


def read(text: str, list_id: str) -> ReadList:
    """The papers of the list."""
    found = ReadList()
    for row in _rows(found, MarkdownIt("commonmark").enable("table").parse(text)):
        _propose(found, row, list_id)
    return found.account_for(text)


def _rows(found: ReadList, tokens: list[Token]) -> Iterator[_Row]:
    """The rows of all tables. Headings, and the two lines that head a table, count as read."""
    section: str | None = None
    columns: list[str] = []
    cells: list[_Cell] = []
    for position, token in enumerate(tokens):
        if token.type == "heading_open" and token.map:
            section = clean_heading(plain_text(tokens[position + 1].children or [])) or None
            found.headings.update(range(token.map[0] + 1, token.map[1] + 1))
        elif token.type == "thead_open" and token.map:
            columns = []
            found.headings.update((token.map[0] + 1, token.map[0] + 2))
        elif token.type == "tr_open":
            cells = []
        elif token.type == "inline" and tokens[position - 1].type in ("th_open", "td_open"):
            cells.append(_cell(token.children or []))
        elif token.type == "tr_close" and not columns:
            columns = [_role(cell.text) for cell in cells]
        elif token.type == "tr_close":
            row = tokens[position - 3 * len(cells) - 1]
            line = row.map[0] + 1 if row.map else 1
            yield _row(line, section, columns, cells)


def _row(line: int, section: str | None, columns: list[str], cells: list[_Cell]) -> _Row:
    row = _Row(line, section, {}, [])
    for role, cell in itertools.zip_longest(columns, cells, fillvalue=""):
        if isinstance(cell, _Cell) and role in _COLUMNS and role not in row.cells:
            row.cells[role] = cell
        elif isinstance(cell, _Cell):
            row.others.append(cell)
    return row


def _role(heading: str) -> str:
    words = heading.casefold().strip()
    return next((role for role, names in _COLUMNS.items() if words in names), words)


def _cell(tokens: list[Token]) -> _Cell:
    links: list[Link] = []
    for position, token in enumerate(tokens):
        if token.type == "link_open":
            end = next(number for number in range(position, len(tokens)) if tokens[number].type == "link_close")
            links.append(Link(plain_text(tokens[position + 1 : end]).strip(), str(token.attrGet("href") or "")))
    return _Cell(" ".join(plain_text(tokens).split()), links)


def _propose(found: ReadList, row: _Row, list_id: str) -> None:
    empty = _Cell("", [])
    title = row.cells.get("title", empty)
    words = " | ".join(cell.text for cell in (*row.cells.values(), *row.others) if cell.text)
    if not title.text:
        found.leave(row.line, words, "gives no title in a column named Paper or Title; add the paper by hand")
        return
    links = [link for cell in (*row.cells.values(), *row.others) for link in cell.links]
    refused = [link for link in links if not is_web(link.url)]
    for link in refused:
        found.leave(row.line, f"{link.label} {link.url}", "is no web address; correct it in the record by hand")
    kept = [link for link in links if is_web(link.url)]
    if not kept:
        found.leave(row.line, words, "names no link; add one, or add the paper by hand")
        return
    for cell in row.others:
        if cell.text and cell.text not in {link.label for link in cell.links}:
            found.leave(row.line, cell.text, "is in a column of no known name; keep it as a note if it matters")
    mention: dict[str, object] = {"list": list_id, "section": row.section, "line": row.line, "title": title.text}
    mention["authors"] = row.cells.get("authors", empty).text or None
    mention["venue"], mention["year"] = _venue_and_year(row.cells.get("venue", empty), row.cells.get("date", empty))
    mention["links"] = [link.url for link in kept]
    in_title = {link.url for link in title.links}
    found.propose(mention, [classify(link.url, "paper" if link.url in in_title else link.label) for link in kept])


def _venue_and_year(venue: _Cell, date: _Cell) -> tuple[str | None, int | None]:
    """The venue as listed, also where it stands in place of the date."""
    words = venue.text or (date.text if not _MONTH_ONLY.fullmatch(date.text) else "")
    year = venue_and_year(venue.text)[1] or venue_and_year(date.text)[1]
    return words or None, year
