"""The venue that the words of a list mean, such as ``Proc. of the 3rd Conference on X (CX)`` or ``CX2024 accepted``."""

import re
from collections.abc import Iterator, Mapping

from prunarium.catalog.catalogue import Catalogue
from prunarium.records import Mention, VenueReference

_STATUS = {"accepted": "accepted", "submission": "submitted", "submitted": "submitted", "under review": "submitted"}
_STATUS_WORDS = re.compile(rf"\b(?:{'|'.join(_STATUS)})\b")
_TRACK = re.compile(r"\b(workshop|findings|demo|short)s?$|^(findings) of\b")
_YEAR = re.compile(r"(?:19|20)\d\d|'\d\d|\b\d+(?:st|nd|rd|th)\b")
_BEFORE = re.compile(r"^(?:in |proc(?:eedings|\.) of |the |annual )+")
_MARKS = " ,;:.-–()"


def listed_venue(mention: Mention, catalogue: Catalogue) -> VenueReference | None:
    """The venue of the catalogue that a list names, where it is one."""
    return venue_named(mention.venue, mention.year, catalogue) if mention.venue and mention.year else None


def venue_named(name: str, year: int, catalogue: Catalogue) -> VenueReference | None:
    """The venue of the catalogue that somebody means by a name, where it is one."""
    words = " ".join(name.casefold().split())
    venue_id, track = _known(words, catalogue.facets.spellings["venue"])
    if venue_id is None:
        return None
    status = "preprint" if catalogue.venues[venue_id].kind == "preprint-server" else _status(words)
    return VenueReference.model_validate({"id": venue_id, "year": year, "status": status, "track": track})


def _status(words: str) -> str:
    """What the list says of it; a venue without such a word is where the paper was published."""
    found = _STATUS_WORDS.search(words)
    return _STATUS[found[0]] if found else "published"


def _known(words: str, spellings: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The id that the words stand for, whole or without what surrounds the name; and the track."""
    found = _TRACK.search(words)
    track = (found[1] or found[2]) if found else None
    for candidate in _candidates(words):
        if candidate in spellings:
            return spellings[candidate], track if track and track not in candidate else None
    for candidate in _candidates(_TRACK.sub("", words)) if track else ():
        if candidate in spellings:
            return spellings[candidate], track
    return None, None


def _candidates(words: str) -> Iterator[str]:
    bare = " ".join(_YEAR.sub(" ", _STATUS_WORDS.sub("", words)).split()).strip(_MARKS)
    before, _, after = bare.partition(":")
    outside, _, acronym = bare.partition("(")
    volume = bare.rpartition("–")[2]  # of a series of proceedings, after its name
    for candidate in (words, bare, acronym, outside, before, after, volume):
        yield (plain := candidate.strip(_MARKS))
        yield _BEFORE.sub("", plain)
