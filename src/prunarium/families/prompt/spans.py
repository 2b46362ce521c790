"""Places in a text: first character, and the one after the last."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

from prunarium.errors import PrunariumError
from prunarium.ops import Span


def tiled(borders: Iterable[int], length: int) -> list[Span]:
    """The spans between borders, which together are the whole text; borders outside it are left out."""
    edges = [0, *sorted({border for border in borders if 0 < border < length}), length]
    return list(pairwise(edges)) if length else []


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same characters in as few spans as possible, in order; empty spans are left out."""
    found: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def text_of(text: str, spans: Iterable[Span]) -> str:
    """What is left of a text: its spans as they stand, one behind the other."""
    return "".join(text[start:end] for start, end in spans)


def spaced_text_of(text: str, spans: Iterable[Span]) -> str:
    """The same, with a space where two words would run together that had white space between them."""
    made: list[str] = []
    last = 0
    for start, end in spans:
        between = text[max(last - 1, 0) : start + 1]
        runs_together = made and not between[0].isspace() and not between[-1].isspace()
        if runs_together and any(character.isspace() for character in text[last:start]):
            made.append(" ")
        made.append(text[start:end])
        last = end
    return "".join(made)


def units_of(offsets: Iterable[Span], length: int) -> tuple[list[Span], list[int]]:
    """Spans that are together the whole text, one for each token, and which of them each token belongs to.

    White space before a token is the token's. Tokens that share characters, such as bytes of one character, have one
    span in common, as has a token without a character with the one before it.

    Args:
        offsets: of the tokens, as a tokenizer gives them ``[tokens]``.
        length: characters of the text.
    """
    ends: list[int] = []
    units = []
    for start, end in offsets:
        if ends and (start < ends[-1] or end <= ends[-1] or ends[-1] == 0):
            ends[-1] = max(end, ends[-1])
        else:
            ends.append(end)
        units.append(len(ends) - 1)
    ends[-1:] = [length] if ends else []
    return list(zip([0, *ends], ends, strict=False)), units


def inside(spans: Sequence[Span], place: int) -> bool:
    """Whether a character is in one of several joined spans."""
    index = bisect_left(spans, (place + 1, 0)) - 1
    return index >= 0 and place < spans[index][1]


def check_spans(spans: Iterable[Span], text: str) -> None:
    """Refuse spans that are not in the text."""
    for start, end in spans:
        if not 0 <= start < end <= len(text):
            raise PrunariumError(f"the span ({start}, {end}) is not inside the prompt of {len(text)} characters")
