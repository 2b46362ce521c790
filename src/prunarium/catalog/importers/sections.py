"""Headings of lists: plain words, without emoji or what a wrong encoding made of them; venue and year in one."""

import re
import unicodedata

_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_ENCODINGS = ("mac_roman", "cp1252", "latin-1")


def clean_heading(heading: str) -> str:
    """The words of a heading."""
    return " ".join(filter(None, (_clean_word(word) for word in heading.split())))


def _clean_word(word: str) -> str:
    """A word without pictures; nothing where it was a picture that was read in the wrong encoding."""
    if not word.isascii():
        for encoding in _ENCODINGS:
            try:
                word = word.encode(encoding).decode("utf-8")
                break
            except UnicodeError:
                continue
    kept = "".join(mark for mark in word if unicodedata.category(mark)[0] in "LNP" or mark in "+<>=$&")
    return kept if any(mark.isalnum() for mark in kept) or kept in ("&", "+", "-", "/") else ""


def venue_and_year(words: str) -> tuple[str | None, int | None]:
    """``ICLR-2024`` and ``ICLR 2024`` give ``("ICLR", 2024)``; either may be missing."""
    found = _YEAR.search(words)
    year = int(found[1]) if found else None
    rest = _YEAR.sub(" ", words, count=1) if found else words
    venue = " ".join(rest.split()).strip(" -–—,:'’/()[]")
    return venue or None, year


def section_and_year(headings: list[str]) -> tuple[str | None, int | None]:
    """The innermost heading that is more than a year, and the innermost year."""
    section = next((words for words in reversed(headings) if venue_and_year(words)[0]), None)
    year = next((year for words in reversed(headings) if (year := venue_and_year(words)[1])), None)
    return section or (headings[-1] if headings else None), year
