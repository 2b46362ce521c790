"""One colour, one marker and one kind of line for each method of a picture.

The six colours differ for every kind of colour vision, and in grey the markers and the labels tell the methods apart.
Where there are more than six methods, those of one colour have different lines.
On white each has a contrast of 4.5:1 or more. The site shows the second ones on its dark background, with the same
contrast.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from prunarium.bench.pictures.trade_off import Curve

COLOURS = ("#1064b6", "#d1157a", "#1f5c47", "#86691a", "#5e1a0c", "#35206b")
ON_DARK = ("#8f9bff", "#e06ab0", "#b1f0f7", "#f6c893", "#ff7a33", "#c9b8ff")
INK, FAINT, YARDSTICK = "#333333", "#6b6b6b", "#777777"
TEXT, SMALL = 8.5, 7.5  # sizes of letters, in typographic points
Line = str | tuple[int, tuple[float, ...]]
_MARKERS = (  # the name of matplotlib, and the outline for Vega and for pages, in a box of side 1 around 0, 0
    ("o", "M0.5,0A0.5,0.5,0,1,1,-0.5,0A0.5,0.5,0,1,1,0.5,0Z"),
    ("s", "M-0.44,-0.44L0.44,-0.44L0.44,0.44L-0.44,0.44Z"),
    ("^", "M0,-0.5L0.5,0.4L-0.5,0.4Z"),
    ("D", "M0,-0.56L0.56,0L0,0.56L-0.56,0Z"),
    ("v", "M0,0.5L0.5,-0.4L-0.5,-0.4Z"),
    (
        "P",
        "M-0.18,-0.5L0.18,-0.5L0.18,-0.18L0.5,-0.18L0.5,0.18L0.18,0.18L0.18,0.5L-0.18,0.5L-0.18,0.18L-0.5,0.18"
        "L-0.5,-0.18L-0.18,-0.18Z",
    ),
    (">", "M0.5,0L-0.4,0.5L-0.4,-0.5Z"),
    ("<", "M-0.5,0L0.4,0.5L0.4,-0.5Z"),
    ("p", "M0,-0.5L0.48,-0.15L0.29,0.4L-0.29,0.4L-0.48,-0.15Z"),
    ("*", "M0,-0.5L0.12,-0.16L0.48,-0.15L0.19,0.06L0.29,0.4L0,0.2L-0.29,0.4L-0.19,0.06L-0.48,-0.15L-0.12,-0.16Z"),
    ("h", "M0,-0.5L0.43,-0.25L0.43,0.25L0,0.5L-0.43,0.25L-0.43,-0.25Z"),
    ("d", "M0,-0.5L0.3,0L0,0.5L-0.3,0Z"),
)
_LINES: tuple[Line, ...] = ("solid", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))


@dataclass(frozen=True)
class Style:
    """How one method is drawn.

    ``marker`` and ``line`` are matplotlib's, ``shape`` is an outline; ``hollow`` markers are not filled.
    """

    colour: str
    marker: str
    shape: str
    hollow: bool
    line: Line = "solid"

    @property
    def dashes(self) -> list[float]:
        """Lengths of strokes and gaps in widths of the line; ``[1, 0]`` is a solid one."""
        return [1, 0] if isinstance(self.line, str) else list(self.line[1])


def styles(curves: Iterable[Curve]) -> dict[str, Style]:
    """The style of each method: colours for methods of papers, grey for yardsticks."""
    muted = {curve.method: curve.muted for curve in curves}
    made, coloured = {}, 0
    for place, method in enumerate(sorted(muted, key=lambda name: (muted[name], name))):
        marker, shape = _MARKERS[place % len(_MARKERS)]
        hollow = place % (2 * len(_MARKERS)) >= len(_MARKERS)
        if muted[method]:
            made[method] = Style(YARDSTICK, marker, shape, hollow)
            continue
        row, column = divmod(coloured, len(COLOURS))
        made[method] = Style(COLOURS[column], marker, shape, hollow, _LINES[row % len(_LINES)])
        coloured += 1
    return made
