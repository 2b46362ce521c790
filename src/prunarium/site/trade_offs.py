"""Quality against cost on the pages of the benchmarks: still pictures, the data as files, and the key of the curves."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from markupsafe import Markup

from prunarium.bench import wording
from prunarium.bench.pictures import trade_off_chart, trade_off_rows, trade_off_vega
from prunarium.bench.pictures.series_styles import Style, styles
from prunarium.bench.pictures.trade_off import MACS, Against, Axis, Point, TradeOff, trade_offs
from prunarium.catalog.picture_files import rendered
from prunarium.site import numbers
from prunarium.site.content import Content
from prunarium.site.inline_svg import inline, on_page

_DRAWING = ("matplotlib", "scipy")
_AXES: tuple[Axis, ...] = ("macs", "speed")
FOLDER = "benchmarks/"


@dataclass(frozen=True)
class Picture:
    """One panel with what stands below it."""

    caption: str
    svg: Markup


@dataclass(frozen=True)
class Panel:
    """A panel of the plot: its name, the file of its specification, and its place among the panels there."""

    name: str
    file: str
    place: int


@dataclass(frozen=True)
class Key:
    """How a method is drawn; ``colour`` is one of the style sheet's."""

    method: str
    label: str
    colour: str
    style: Style


@dataclass(frozen=True)
class Shown:
    """All of one condition: still pictures, the panels of the plot, and the files with the data, by what links say."""

    name: str
    trade_off: TradeOff
    pictures: tuple[Picture, ...]
    panels: tuple[Panel, ...]
    files: dict[str, str]
    key: tuple[Key, ...]


def missing() -> str:
    """The package without which nothing can be drawn; empty where all are there."""
    return next((name for name in _DRAWING if find_spec(name) is None), "")


def shown(content: Content) -> dict[str, list[Shown]]:
    """What stands on the page for each benchmark: the condition with the most scores first."""
    found: dict[str, list[Shown]] = {}
    for name, trade_off in _named(content):
        drawn = not missing()
        files = {label: path.removeprefix(FOLDER) for label, path in _paths(name, trade_off).items()}
        found.setdefault(trade_off.condition.benchmark, []).append(
            Shown(
                name,
                trade_off,
                tuple(_pictures(name, trade_off)) if drawn else (),
                tuple(_panels(trade_off, files)) if drawn else (),
                files,
                tuple(_key(trade_off)),
            )
        )
    return found


def documents(content: Content) -> dict[str, bytes]:
    """The data of every picture, by path in the docs tree: as CSV and as Vega-Lite."""
    made = {}
    for name, trade_off in _named(content):
        for label, path in _paths(name, trade_off).items():
            made[path] = _text(label, trade_off).encode()
    return made


def _named(content: Content) -> Iterator[tuple[str, TradeOff]]:
    """Every condition with a name for its files: that of the benchmark, numbered from the second on."""
    cards = {method.id: method.card for method in content.methods}
    scores = [score for method in content.methods for score in method.measured]
    counts: dict[str, int] = {}
    for trade_off in trade_offs(scores, cards):
        benchmark = trade_off.condition.benchmark
        counts[benchmark] = number = counts.get(benchmark, 0) + 1
        yield (benchmark if number == 1 else f"{benchmark}-{number}"), trade_off


def _paths(name: str, trade_off: TradeOff) -> dict[str, str]:
    paths = {"CSV": f"{FOLDER}{name}.csv"}
    if not missing():
        paths |= {_label(axis): f"{FOLDER}{name}-{axis}.vl.json" for axis in _axes(trade_off)}
    return paths


def _label(axis: Axis) -> str:
    return f"Vega-Lite, {axis}"


def _text(label: str, trade_off: TradeOff) -> str:
    for axis in _AXES:
        if label == _label(axis):
            return trade_off_vega.text(trade_off, axis)
    return trade_off_rows.as_csv(trade_off)


def _axes(trade_off: TradeOff) -> list[Axis]:
    return [axis for axis in _AXES if axis == "macs" or trade_off.batch_sizes]


def _panels(trade_off: TradeOff, files: dict[str, str]) -> Iterator[Panel]:
    """The first panel is the one that pictures, and the plot, begin with."""
    yield Panel("Multiply-accumulates", files[_label("macs")], 0)
    for place, size in enumerate(trade_off.batch_sizes):
        yield Panel(f"Measured speed, batch size {size}", files[_label("speed")], place)


def _pictures(name: str, trade_off: TradeOff) -> Iterator[Picture]:
    """Against MACs, and against speed at the largest batch size; the plot and the tables have the others."""
    titles = {f"{trade_off_chart.POINT}-{place}": _title(point) for place, point in enumerate(trade_off.points)}
    for against in [MACS, *map(Against, trade_off.batch_sizes[-1:])]:
        caption = "Against multiply-accumulates"
        if against.batch_size is not None:
            caption = f"Against measured speed, batch size {against.batch_size}"
        svg = rendered(trade_off_chart.panel(trade_off, against), ".svg")
        label = f"{caption}, on {trade_off.condition.benchmark}. The tables have the same numbers."
        yield Picture(caption, inline(svg, label, f"{name}-{against.batch_size or 'macs'}", titles))


def _key(trade_off: TradeOff) -> Iterator[Key]:
    """One for each method, the yardsticks last."""
    style = styles(trade_off.curves)
    labels: dict[str, str] = {}
    for curve in trade_off.curves:
        shared = labels.get(curve.method)
        labels[curve.method] = curve.label if shared is None else _common(shared, curve.label)
    for method, one in style.items():
        yield Key(method, labels[method], on_page(one.colour), one)


def _common(one: str, other: str) -> str:
    """What two curves of a method are called together."""
    return one if one == other else one.partition(", ")[0]


def _title(point: Point) -> str:
    score = point.score
    speeds = "".join(f", {numbers.ratio(one.ratio)} at batch {one.batch_size}" for one in score.speed)
    macs = wording.macs(score.cost.macs)
    return f"{score.setting}: {wording.percent(point.quality)}, budget {point.budget:.2f}, {macs} MACs{speeds}"
