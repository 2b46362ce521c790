"""What Crossref says of a paper."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from requests import Response, Session

from prunarium.catalog.adding.asking import BY_HAND, ask
from prunarium.catalog.adding.found import Found
from prunarium.catalog.adding.plain_text import plain_text
from prunarium.errors import PrunariumError

_DATES = ("published-print", "published-online", "issued")


def find(session: Session, doi: str, address: str) -> Found:
    """The paper with that DOI, as the API at ``address`` knows it.

    Raises:
        PrunariumError: Crossref has none, or gives no answer that can be read.
    """
    record = f"{address.rstrip('/')}/{quote(doi, safe='')}"
    response = ask(session, record)
    if response.status_code in (400, 404):
        raise PrunariumError(f"Crossref knows no DOI {doi}; correct it, {BY_HAND} where another agency gave it")
    work = _work(response, doi)
    title = ": ".join(part for part in (_first(work, "title"), _first(work, "subtitle")) if part)
    year = _year(work)
    if not title or year is None:
        missing = "year" if title else "title"
        raise PrunariumError(f"Crossref's record of {doi} gives no {missing}; run 'prunarium new paper --title ...'")
    places = list(dict.fromkeys(_places(work)))
    return Found(
        source=f"Crossref API ({record})",
        title=title,
        year=year,
        authors=list(filter(None, map(_name, _mappings(work.get("author"))))),
        identifiers={"doi": doi},
        venues=places,
        kind="thesis" if work.get("type") == "dissertation" else None,
    )


def _work(response: Response, doi: str) -> dict[str, Any]:
    try:
        work = json.loads(response.content)["message"]
    except (ValueError, KeyError, TypeError, RecursionError):
        work = None
    if response.status_code != 200 or not isinstance(work, dict):
        raise PrunariumError(f"Crossref's answer about {doi} cannot be read; try again later, {BY_HAND}")
    return work


def _texts(value: object) -> Iterator[str]:
    """The texts of a list of the record, or the text that stands in its place."""
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, str) and (words := plain_text(part)):
            yield words


def _first(work: dict[str, Any], key: str) -> str:
    return next(_texts(work.get(key)), "")


def _mappings(value: object) -> list[dict[str, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _name(author: dict[str, Any]) -> str:
    parts = [next(_texts(author.get(key)), "") for key in ("given", "family", "suffix")]
    return " ".join(filter(None, parts)) or next(_texts(author.get("name")), "")


def _year(work: dict[str, Any]) -> int | None:
    for key in _DATES:
        date = work.get(key)
        parts = date.get("date-parts") if isinstance(date, dict) else None
        first = parts[0] if isinstance(parts, list) and parts else None
        if isinstance(first, list) and first and isinstance(first[0], int):
            return first[0]
    return None


def _places(work: dict[str, Any]) -> Iterator[str]:
    """Every name that the record gives to the place, the fullest first."""
    yield from _texts(work.get("container-title"))
    yield from _texts(work.get("short-container-title"))
    event = work.get("event")
    for key in ("name", "acronym"):
        yield from _texts(event.get(key) if isinstance(event, dict) else None)
    for institution in _mappings(work.get("institution")):
        yield from _texts(institution.get("name"))
