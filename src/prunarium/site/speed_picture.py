"""A picture of measured speed: a row for each model and batch size, a mark for each setting.

It is drawn in plain SVG, so that it needs no drawing library; the guide on choosing a method has the same as a table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from prunarium.site.evidence import Pace

_LEFT, _WIDTH, _ROW = 10, 290, 36


@dataclass(frozen=True)
class Mark:
    """A setting: where it stands, and what it is."""

    x: float
    title: str


@dataclass(frozen=True)
class Row:
    """A model at a batch size."""

    y: int
    label: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class SpeedPicture:
    """All that the template draws; lengths are in units of the view box."""

    width: int
    height: int
    untouched: float
    ticks: tuple[tuple[float, str], ...]
    rows: tuple[Row, ...]


def speed_picture(paces: Sequence[Pace]) -> SpeedPicture | None:
    """The picture; ``None`` where nothing was timed."""
    ratios = [timed.ratio.median for pace in paces for timed in pace.timed]
    if not ratios:
        return None
    devices = {pace.device for pace in paces}
    most = ceil(2 * max([1.0, *ratios])) / 2

    def place(ratio: float) -> float:
        return round(_LEFT + _WIDTH * ratio / most, 1)

    rows = tuple(
        Row(
            y=_ROW * number + 24,
            label=f"{pace.model}, batch {pace.batch_size}" + (f", {pace.device}" if len(devices) > 1 else ""),
            marks=tuple(
                Mark(place(one.ratio.median), f"{one.score.setting}: {one.ratio.median:.2f}×") for one in pace.timed
            ),
        )
        for number, pace in enumerate(paces)
    )
    ticks = tuple((place(step / 2), f"{step / 2:g}×") for step in range(int(2 * most) + 1))
    return SpeedPicture(_WIDTH + 2 * _LEFT + 8, _ROW * len(rows) + 30, place(1), ticks, rows)
