"""Writes the names of curves and budgets into a panel, where they cover nothing. Lengths are pixels of the figure."""

from collections.abc import Sequence
from typing import Any

from prunarium.bench.pictures.curve_key import needs_key
from prunarium.bench.pictures.curve_labels import Label, short, spread
from prunarium.bench.pictures.series_styles import FAINT, SMALL, TEXT, styles
from prunarium.bench.pictures.trade_off import Against, Curve, Step, TradeOff
from prunarium.records import BUDGET_TOLERANCE

_GAP = 7  # between a point and its text, in typographic points


def write_names(axes: Any, trade_off: TradeOff, against: Against) -> None:
    """Name every curve at its cheap end, every budget and the untouched model; the axis is widened for the texts.

    Curves that a key names are not named here.
    """
    _Names(axes, trade_off, against).write()


class _Names:
    """The texts of one panel. Cheap ends are on the left of MACs and on the right of speed."""

    def __init__(self, axes: Any, trade_off: TradeOff, against: Against) -> None:
        self.axes, self.trade_off, self.against = axes, trade_off, against
        self.style = styles(trade_off.curves)
        self.renderer = axes.figure._get_renderer()
        self.gap = _GAP * axes.figure.dpi / 72
        self.side = -1 if against.batch_size is None else 1
        self.taken: list[Label] = []

    def write(self) -> None:
        """Widen the axis first; what has only one place is written before what can move."""
        curves = [(curve, steps[-1]) for curve in self.trade_off.curves if (steps := curve.steps(self.against))]
        keyed = needs_key(self.trade_off)
        reducing = [(curve, step) for curve, step in curves if not (keyed or _removes_nothing(step))]
        names = [self._text(short(curve.label), self._colour(curve), TEXT) for curve, _ in reducing]
        ends = [step for _, step in reducing]
        self._make_room(names, ends)
        self._write_untouched()
        for curve, step in curves:
            if not keyed and _removes_nothing(step):
                self._write_above(short(curve.label), self._colour(curve), step)
        self._write_beside(names, ends)
        for budget, steps in self.trade_off.equal_budgets(self.against).items():
            self._write_budget(budget, min(steps, key=lambda step: step.quality))

    def _colour(self, curve: Curve) -> str:
        return self.style[curve.method].colour

    def _text(self, words: str, colour: str, size: float) -> Any:
        ground = self.axes.get_facecolor()  # behind the text, so that no line runs through it
        box = {"facecolor": ground, "alpha": 0.75, "linewidth": 0, "pad": 0.6} if ground[3] else None
        return self.axes.text(
            0,
            0,
            words,
            color=colour,
            fontsize=size,
            va="center",
            bbox=box,
            parse_math=False,
            in_layout=False,
            zorder=3.5,
        )

    def _size(self, text: Any) -> tuple[float, float]:
        box = text.get_window_extent(self.renderer)
        return float(box.width), float(box.height)

    def _pixels(self, x: float, quality: float) -> tuple[float, float]:
        at = self.axes.transData.transform((x, 100 * quality))
        return float(at[0]), float(at[1])

    def _reach(self, step: Step) -> float:
        """Where a name beside a step begins (right) or ends (left): clear of its points and intervals."""
        edge = step.x_high if self.side > 0 else step.x_low
        return self._pixels(edge, step.quality)[0] + self.side * self.gap

    @staticmethod
    def _edge(side: int) -> str:
        """Which end of a text stands at its place, when it goes on to that side."""
        return "left" if side > 0 else "right"

    def _put(self, text: Any, x: float, y: float, side: str) -> None:
        text.set_horizontalalignment(side)
        text.set_position(self.axes.transData.inverted().transform((x, y)))

    def _make_room(self, names: Sequence[Any], ends: Sequence[Step]) -> None:
        """Widen the axis until every name fits beside its curve's end."""
        low, high = self.axes.get_xlim()
        for text, step in zip(names, ends, strict=True):
            share = min((self._size(text)[0] + 1.6 * self.gap) / self.axes.bbox.width, 0.8)
            if self.side > 0:
                high = max(high, low + (step.x_high - low) / (1 - share))
            else:
                low = min(low, high - (high - step.x_low) / (1 - share))
        self.axes.set_xlim(low, high)

    def _place(self, text: Any, left: float, y: float) -> float:
        """The height nearest to the wanted one where a text covers no other; the place is taken from then on."""
        width, height = self._size(text)
        height *= 1.15  # a little air
        wanted = Label(left, y, width, height)
        box = self.axes.bbox
        free = spread([*self.taken, wanted], float(box.y0), float(box.y1))[-1]
        self.taken.append(Label(left, free, width, height, fixed=True))
        return free

    def _write_untouched(self) -> None:
        box, words = self.axes.bbox, f"untouched {100 * self.trade_off.quality:.1f} %"
        text = self._text(words, FAINT, SMALL)
        width, height = self._size(text)
        x = float(box.x0) + 2 if self.side < 0 else float(box.x1) - 2
        y = self._pixels(0, self.trade_off.quality)[1] + height * 0.75
        self._put(
            text, x, self._place(text, x if self.side < 0 else x - width, y), "left" if self.side < 0 else "right"
        )

    def _write_above(self, words: str, colour: str, step: Step) -> None:
        text = self._text(words, colour, SMALL)
        (x, y), (width, height) = self._pixels(step.x, step.quality), self._size(text)
        x = min(x, float(self.axes.bbox.x1) - width / 2)
        self._put(text, x, self._place(text, x - width / 2, y + height / 2 + self.gap), "center")

    def _write_budget(self, budget: float, step: Step) -> None:
        """Below the lowest points, on the side where no curve leads down."""
        text = self._text(f"budget {budget:g}", FAINT, SMALL)
        width, height = self._size(text)
        x, y = self._pixels(step.x_low if self.side > 0 else step.x_high, step.quality)
        left = x + self.gap * 0.7 if self.side < 0 else x - self.gap * 0.7 - width
        inside = min(max(left, float(self.axes.bbox.x0) + 2), float(self.axes.bbox.x1) - 2 - width)
        below = 0.8 if inside == left else 1.8  # where it must come nearer, it goes further down
        self._put(text, inside, self._place(text, inside, y - height * below), "left")

    def _write_beside(self, names: Sequence[Any], ends: Sequence[Step]) -> None:
        """The highest first; a name that had to move has a thin line to its end."""
        for text, step in sorted(zip(names, ends, strict=True), key=lambda pair: -pair[1].quality):
            x, y = self._reach(step), self._pixels(step.x, step.quality)[1]
            width, height = self._size(text)
            free = self._place(text, x if self.side > 0 else x - width, y)
            if abs(free - y) > height / 2:
                self._leader(step, x, free, text.get_color())
                x += 2 * self.side
            self._put(text, x, free, self._edge(self.side))

    def _leader(self, step: Step, x: float, y: float, colour: str) -> None:
        end = self.axes.transData.inverted().transform((x, y))
        self.axes.plot(
            [step.x, end[0]], [100 * step.quality, end[1]], color=colour, linewidth=0.6, alpha=0.6, zorder=2.2
        )


def _removes_nothing(step: Step) -> bool:
    return step.budget > 1 - BUDGET_TOLERANCE
