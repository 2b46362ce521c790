"""What arXiv's API says of a paper."""

import re
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]
from requests import Session

from prunarium.catalog.adding.asking import BY_HAND, ask
from prunarium.catalog.adding.found import Found
from prunarium.catalog.adding.plain_text import plain_text
from prunarium.catalog.identifiers import arxiv_id_in_doi
from prunarium.errors import PrunariumError
from prunarium.records.base import DOI_PATTERN

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_ONLY_SIZE = re.compile(r"(?:\d+\s+(?:pages?|figures?|tables?|pp\.?)\b|[\s,;.+&]|and\b|with\b|appendix\b)*", re.I)


def find(session: Session, arxiv_id: str, address: str) -> Found:
    """The paper with that arXiv id, as the API at ``address`` knows it.

    Raises:
        PrunariumError: arXiv has none, or gives no answer that can be read.
    """
    response = ask(session, address, {"id_list": arxiv_id, "max_results": "1"})
    source = f"arXiv API ({address}?id_list={arxiv_id})"
    entry = _entry(response.content, arxiv_id)
    title, published = _text(entry, f"{_ATOM}title"), _text(entry, f"{_ATOM}published")
    if not title or not re.match(r"\d{4}-", published):
        raise PrunariumError(f"arXiv's answer about {arxiv_id} gives no title or no date; try again later, {BY_HAND}")
    doi = next(iter(_dois(entry)), None)
    return Found(
        source=source,
        title=title,
        year=int(published[:4]),
        authors=[name for author in entry.iter(f"{_ATOM}author") if (name := _text(author, f"{_ATOM}name"))],
        identifiers={"arxiv": arxiv_id, **({"doi": doi} if doi else {})},
        venues=["arXiv"],
        claims=_claims(entry),
    )


def _entry(content: bytes, arxiv_id: str) -> Element:
    """The paper's entry of an Atom feed. arXiv answers also with an entry that holds an error, or with none."""
    try:
        feed: Element = fromstring(content)
    except (ParseError, ValueError, LookupError) as error:
        feed = Element("unreadable")
        feed.text = str(error)
    if feed.tag != f"{_ATOM}feed":
        raise PrunariumError(
            f"arXiv's answer about {arxiv_id} is no Atom feed that can be read; try again later, {BY_HAND}"
        )
    for entry in feed.iter(f"{_ATOM}entry"):
        if re.search(rf"/abs/{re.escape(arxiv_id)}(v\d+)?$", _text(entry, f"{_ATOM}id")):
            return entry
    errors = (entry for entry in feed.iter(f"{_ATOM}entry") if "/api/errors" in _text(entry, f"{_ATOM}id"))
    said = next((_text(entry, f"{_ATOM}summary") for entry in errors), "")
    raise PrunariumError(f"arXiv knows no paper {arxiv_id}{f' ({said[:80]})' if said else ''}; correct the id")


def _text(element: Element, tag: str) -> str:
    return plain_text(element.findtext(tag) or "")


def _dois(entry: Element) -> list[str]:
    """The DOIs that the authors gave: sometimes several in one field, sometimes something else."""
    return [part for part in _text(entry, f"{_ARXIV}doi").lower().split() if re.fullmatch(DOI_PATTERN, part)]


def _claims(entry: Element) -> list[str]:
    """What the authors say of a venue or of a withdrawal: nobody at arXiv checks it."""
    claims = []
    if journal := _text(entry, f"{_ARXIV}journal_ref"):
        claims.append(f"The arXiv record names a journal or venue, not checked: {journal}")
    comment = _text(entry, f"{_ARXIV}comment")
    if not _ONLY_SIZE.fullmatch(comment):
        claims.append(f"The arXiv record has this comment of the authors, not checked: {comment}")
    dois = _dois(entry)
    if dois and not arxiv_id_in_doi(dois[0]):
        claims.append(f"The arXiv record gives a DOI, which hints at a published version, not checked: {dois[0]}")
    for doi in dois[1:]:
        claims.append(f"The arXiv record gives a second DOI, not checked: {doi}")
    return claims
