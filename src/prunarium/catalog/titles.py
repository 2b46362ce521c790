"""Titles: the same one written differently, the acronym in one, and the id of a new paper."""

import itertools
import re
import unicodedata
from collections.abc import Container

from prunarium.records.base import SLUG_LENGTH

SMALL_WORDS = frozenset(
    ["a", "an", "and", "as", "by", "for", "from", "in", "is", "of", "on", "the", "to", "via", "with"]
)
_ACRONYM = re.compile(r"[^\s:]+(?: [^\s:]+){0,2}(?=: )")


def title_words(title: str) -> list[str]:
    """The words of a title once case, accents and punctuation do not count."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", title).casefold())
    unaccented = (mark for mark in decomposed if unicodedata.category(mark)[0] != "M")
    return "".join(mark if mark.isalnum() else " " for mark in unaccented).split()


def same_title_key(title: str) -> str:
    """What is left of a title once spaces do not count either."""
    return "".join(title_words(title))


def is_address(title: str) -> bool:
    """Whether a web address stands in place of the title."""
    return title.startswith(("http://", "https://"))


def acronym(title: str) -> str | None:
    """The method's name in a title such as ``DynamicViT: Efficient ...``."""
    found = _ACRONYM.match(title)
    if not found:
        return None
    words = found[0].split()
    looks_like_a_name = any(mark.isupper() or mark.isdigit() for word in words for mark in word[1:])
    return found[0] if looks_like_a_name or len(words) == 1 else None


def slug(text: str) -> str:
    """The text as an id: lower-case words joined by hyphens."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    ascii_only = decomposed.encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", ascii_only.replace("'", "")))[:SLUG_LENGTH].strip("-")


def new_id(title: str, year: int, taken: Container[str], name: str | None = None, author: str | None = None) -> str:
    """An id for a new paper: its acronym, else first author, year and the first words of the title."""
    words = [word for word in slug(title).split("-") if word not in SMALL_WORDS]
    plain = slug("-".join([*((author or "").split()[-1:]), str(year), *words[:4]]))
    short = slug(name or "")
    wishes = [short, _with_suffix(short, year), plain] if short else [plain]
    numbered = (_with_suffix(wishes[0], number) for number in itertools.count(2))
    return next(wish for wish in itertools.chain(wishes, numbered) if wish not in taken)


def _with_suffix(wish: str, number: int) -> str:
    """The id with a number behind it, cut so that it stays an id."""
    suffix = f"-{number}"
    return wish[: SLUG_LENGTH - len(suffix)].rstrip("-") + suffix
