"""Which papers are worth comparing, and how alike two of them are, by titles, authors and years."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from rapidfuzz import fuzz, process

from prunarium.catalog.identity import titles_of
from prunarium.catalog.titles import SMALL_WORDS, title_words
from prunarium.records import Paper

LIKELY = 85.0
"""From this score on two papers may be one. Titles alone give up to 100."""
_SHARED_AUTHORS = 15.0
_OTHER_AUTHORS = -15.0
_YEAR_APART = -3.0

_CROWDED = 20
"""A block of more titles says too little: its titles are compared by one more word instead."""
_WORDS = 6
_WINDOW = 5


class Row:
    """One title of a paper, as it is compared."""

    def __init__(self, paper: Paper, title: str) -> None:
        self.paper = paper
        self.text = comparable(title)
        self.words = self.text.split()


def comparable(title: str) -> str:
    """A title in the form that is compared."""
    return " ".join(title_words(title))


def rows_of(papers: Iterable[Paper]) -> list[Row]:
    """All titles of all papers."""
    return [Row(paper, title) for paper in papers for title in titles_of(paper).values()]


def split_name(author: str) -> tuple[str, str]:
    """Last name and first names of an author, as far as they are given; ``Doe, Jane`` is read as well."""
    last, comma, first = author.partition(",")
    words = title_words(last)
    return (words[-1], "".join(title_words(first) if comma else words[:-1])) if words else ("", "")


def shared_authors(one: Paper, other: Paper) -> tuple[int, int] | None:
    """How many authors both have, and of how many; nothing where a record names none. Initials fit any such name."""
    few, many = sorted(([split_name(name) for name in paper.authors] for paper in (one, other)), key=len)
    if not few:
        return None
    return sum(any(_may_be_one(name, their) for their in many) for name in few), len(few)


def _may_be_one(name: tuple[str, str], other: tuple[str, str]) -> bool:
    return name[0] == other[0] and (name[1].startswith(other[1]) or other[1].startswith(name[1]))


def likeness(one: str, other: str) -> float:
    """How alike two titles are, 0 to 100: in all of their words, and in those of the shorter one."""
    return (fuzz.token_sort_ratio(one, other) + fuzz.token_set_ratio(one, other)) / 2


def score(alike: float, one: Paper, other: Paper) -> float:
    """The likeness of two titles, with what authors and years say for or against it, 0 to 100."""
    if counts := shared_authors(one, other):
        shared, of = counts
        alike += shared / of * _SHARED_AUTHORS if shared else _OTHER_AUTHORS
    alike += _YEAR_APART * max(0, abs(one.year - other.year) - 1)
    return max(0.0, min(100.0, alike))


def near_titles(rows: Sequence[Row], only: str | None = None) -> Iterator[tuple[Row, Row, float]]:
    """The pairs of rows of two papers that may be likely, each with its likeness. ``only`` keeps those of one paper."""
    near: dict[int, dict[int, str]] = defaultdict(dict)
    for block in _blocks(rows):
        if only and all(rows[number].paper.id != only for number in block):
            continue
        for first, second in combinations(block, 2):
            one, other = sorted((first, second))
            if rows[one].paper.id != rows[other].paper.id and only in (None, rows[one].paper.id, rows[other].paper.id):
                near[one][other] = rows[other].text
    for one, texts in near.items():
        cutoff = LIKELY - _SHARED_AUTHORS
        for _, _, other in process.extract(  # and not cdist, which needs numpy
            rows[one].text, texts, scorer=fuzz.token_ratio, score_cutoff=cutoff, limit=None
        ):
            yield rows[one], rows[other], likeness(rows[one].text, rows[other].text)


def _blocks(rows: Sequence[Row]) -> Iterator[list[int]]:
    """Small groups of rows. Two titles that are in none together are not compared."""
    yield from _by_words(rows)
    yield from _by_author(rows)
    for text in (lambda row: row.words, lambda row: row.words[::-1]):
        order = sorted(range(len(rows)), key=lambda number, text=text: text(rows[number]))  # type: ignore[misc]
        for step in range(1, _WINDOW):
            yield from ([one, other] for one, other in zip(order, order[step:], strict=False))


def _by_words(rows: Sequence[Row]) -> Iterator[list[int]]:
    """Titles that share a rare word; of the frequent words, two or three that are rare together."""
    counts = Counter(word for row in rows for word in set(row.words))
    rarest = [
        sorted({word for word in row.words if counts[word] > 1} - SMALL_WORDS, key=lambda word: (counts[word], word))
        for row in rows
    ]
    crowded: set[tuple[str, ...]] = {()}
    for size in (1, 2, 3):
        blocks: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for number, words in enumerate(rarest):
            for group in combinations(words[:_WORDS], size):
                if all(part in crowded for part in combinations(group, size - 1)):
                    blocks[group].append(number)
        crowded = {group for group, members in blocks.items() if len(members) > _CROWDED}
        yield from (members for group, members in blocks.items() if group not in crowded)


def _by_author(rows: Sequence[Row]) -> Iterator[list[int]]:
    """Titles by the same first author in neighbouring years."""
    blocks: dict[tuple[str, str, int], list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        for last, first in map(split_name, row.paper.authors[:1]):
            for year in (row.paper.year, row.paper.year + 1):
                blocks[last, first[:1], year].append(number)
    yield from (members for members in blocks.values() if len(members) <= _CROWDED)
