"""Numbers of tokens, taken to larger units of the same text."""

from collections.abc import Sequence

Span = tuple[int, int]
"""Characters of a text: the first, and the one after the last."""


def unit_means(values: Sequence[float], tokens: Sequence[Span], units: Sequence[Span]) -> list[float]:
    """The mean over the tokens of each unit ``[units]``.

    A token counts for the unit that it lies in. One that reaches beyond the end of units is split evenly among those
    that it completes, and does not count for the one that it begins.

    Args:
        values: ``[tokens]``.
        tokens: where they are in the text, in order, without gaps.
        units: where they are, in order, without gaps, over the same characters.
    """
    sums, counts = [0.0] * len(units), [0] * len(units)
    first = 0
    for value, (start, end) in zip(values, tokens, strict=True):
        while first + 1 < len(units) and units[first][1] <= start:
            first += 1
        completed = [unit for unit in range(first, len(units)) if start < units[unit][1] <= end] or [first]
        for unit in completed:
            sums[unit] += value / len(completed)
            counts[unit] += 1
    return [total / count if count else 0.0 for total, count in zip(sums, counts, strict=True)]
