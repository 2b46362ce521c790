"""Which parts of a text to keep, so that what is left is as close to a budget of tokens as it comes from below."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from prunarium.errors import PrunariumError
from prunarium.families.prompt.spans import inside, joined, text_of
from prunarium.ops import Span

TRIES = 64
"""Parts that are tried one by one where the next best is too long."""


@dataclass(frozen=True)
class Ranked:
    """A part of a text, and how much it is worth.

    Attributes:
        start: its first character.
        end: the character after its last one.
        priority: higher stays longer; of equal ones the first stays.
        kept: whether the method's own rule keeps it at this budget; all such parts stay longer than all others.
    """

    start: int
    end: int
    priority: float
    kept: bool = True


def without(fixed: Sequence[Span], parts: Iterable[Ranked], length: int) -> list[Ranked]:
    """The parts of a text, cut where something must stay, and without that.

    Args:
        fixed: what must stay, joined.
        parts: of the whole text; characters between two of them go with the second.
        length: characters of the text.

    Raises:
        PrunariumError: two parts share characters.
    """
    ordered = sorted(parts, key=lambda part: part.start) or [Ranked(0, length, 0.0)]
    for one, other in pairwise(ordered):
        if other.start < one.end:
            raise PrunariumError(f"the method gives parts of the text that overlap: {one} and {other}")
    ends = [*(part.end for part in ordered[:-1]), length]
    edges = sorted({0, *ends, *(edge for span in fixed for edge in span)})
    owners = ((span, ordered[bisect_right(ends, span[0])]) for span in pairwise(edges) if not inside(fixed, span[0]))
    return [replace(owner, start=start, end=end) for (start, end), owner in owners]


def kept_by_rule(parts: Iterable[Ranked], fixed: Iterable[Span]) -> list[Span]:
    """What the method's own rule keeps, however many tokens that is."""
    return joined([*fixed, *((part.start, part.end) for part in parts if part.kept)])


def fill(
    text: str,
    parts: Sequence[Ranked],
    fixed: Sequence[Span],
    allowed: int,
    count: Callable[[str], int],
    split: Callable[[str], Sequence[Span]] | None = None,
    left: Callable[[str, Iterable[Span]], str] = text_of,
) -> list[Span]:
    """The best parts that fit, in place.

    The best ones are taken in order until the next would be too long. Of that one the beginning fills the budget; or,
    where parts are not to be cut, those behind it that still fit.

    Args:
        text: the prompt.
        parts: what may go.
        fixed: what must stay.
        allowed: tokens that may be left.
        count: tokens of a text.
        split: where a part can be cut: spans that are together all of it; ``None`` keeps parts whole.
        left: what is left of the prompt, from the spans that stay.

    Raises:
        PrunariumError: what must stay is longer than that.
    """

    def spans(chosen: Sequence[Ranked]) -> list[Span]:
        return joined([*fixed, *((part.start, part.end) for part in chosen)])

    def size(chosen: Sequence[Ranked]) -> int:
        return count(left(text, spans(chosen)))

    least = size([])
    if least > allowed:
        raise PrunariumError(
            f"what must stay takes {least} tokens, and the budget is {allowed}; raise the budget, or protect less"
        )
    order = sorted(parts, key=lambda part: (not part.kept, -part.priority, part.start))
    chosen, rest = order[: (fits := _longest(order, allowed, size))], order[fits:]
    if split is not None and rest:
        first = rest[0]
        pieces = split(text[first.start : first.end])
        cut = [replace(first, start=first.start + start, end=first.start + end) for start, end in pieces]
        return spans([*chosen, *cut[: _longest(cut, allowed, lambda some: size([*chosen, *some]))]])
    room = allowed - size(chosen)
    small = (part for part in rest[1:] if count(text[part.start : part.end]) <= room + 1)
    return spans(_with_what_fits(chosen, small, allowed, size))


def _longest(order: Sequence[Ranked], allowed: int, size: Callable[[Sequence[Ranked]], int]) -> int:
    """How many of the best parts fit, so that with the next they would not."""
    if size(order) <= allowed:
        return len(order)
    fits, too_long = 0, len(order)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        fits, too_long = (middle, too_long) if size(order[:middle]) <= allowed else (fits, middle)
    return fits


def _with_what_fits(
    chosen: Sequence[Ranked], rest: Iterable[Ranked], allowed: int, size: Callable[[Sequence[Ranked]], int]
) -> Sequence[Ranked]:
    """The chosen parts, and of the next ones those that still fit."""
    length = size(chosen)
    for part in islice(rest, TRIES):
        if length == allowed:
            break
        longer = size([*chosen, part])
        if longer <= allowed:
            chosen, length = [*chosen, part], longer
    return chosen
