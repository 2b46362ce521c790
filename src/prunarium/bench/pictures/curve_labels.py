"""Places the names of curves beside their ends, so that no two cover each other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

MOST_LETTERS = 28


@dataclass(frozen=True)
class Label:
    """The box of a text: its left edge, the height of its middle, its width and its height, in pixels."""

    x: float
    y: float
    width: float
    height: float
    fixed: bool = False


def spread(labels: Sequence[Label], low: float, high: float) -> list[float]:
    """Heights of the middles, near the wanted ones, so that no two boxes that share some width overlap.

    A label moves to the nearest free height between ``low`` and ``high``; where none is free it stays.
    """
    placed = {place: label for place, label in enumerate(labels) if label.fixed}
    moving = sorted((place for place in range(len(labels)) if place not in placed), key=lambda one: -labels[one].y)
    for place in moving:
        label = labels[place]
        near = [other for other in placed.values() if _share_width(label, other)]
        edges = [other.y + sign * (label.height + other.height) / 2 for other in near for sign in (-1, 1)]
        inside = (y for y in [label.y, *edges] if low <= y - label.height / 2 and y + label.height / 2 <= high)
        free = [y for y in inside if all(_apart(y, label, other) for other in near)]
        placed[place] = replace(label, y=min(free, key=lambda y: abs(y - label.y), default=label.y))
    return [placed[place].y for place in range(len(labels))]


def _apart(y: float, label: Label, other: Label) -> bool:
    return abs(y - other.y) >= (label.height + other.height) / 2 - 0.01


def _share_width(a: Label, b: Label) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width


def short(text: str) -> str:
    """A name on one line, cut where it is long."""
    text = " ".join(text.split())
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1].rstrip() + "…"
