"""Pictures of quality against cost for the benchmarks page, drawn from the records, and their data as files."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from markupsafe import Markup

from prunarium.bench import wording
from prunarium.bench.pictures import trade_off_chart, trade_off_rows, trade_off_vega
from prunarium.bench.pictures.curve_key import needs_key
from prunarium.bench.pictures.trade_off import MACS, Against, Axis, Point, TradeOff, trade_offs
from prunarium.catalog.picture_files import rendered
from prunarium.site import numbers
from prunarium.site.content import Content
from prunarium.site.inline_svg import inline

_DRAWING = ("matplotlib", "scipy")
_AXES: tuple[Axis, ...] = ("macs", "speed")


@dataclass(frozen=True)
class Picture:
    """One panel with what stands below it."""

    caption: str
    svg: Markup


@dataclass(frozen=True)
class Shown:
    """All pictures of one condition, and the files with their data, by what links to them say."""

    condition: str
    pictures: tuple[Picture, ...]
    files: dict[str, str]


def missing() -> str:
    """The package without which nothing can be drawn; empty where all are there."""
    return next((name for name in _DRAWING if find_spec(name) is None), "")


def shown(content: Content) -> dict[str, list[Shown]]:
    """What stands on the page for each benchmark: the condition with the most scores first."""
    found: dict[str, list[Shown]] = {}
    for name, trade_off in _named(content):
        pictures = () if missing() else tuple(_pictures(name, trade_off))
        links = {label: path.removeprefix("benchmarks/") for label, path in _paths(name, trade_off).items()}
        found.setdefault(trade_off.condition.benchmark, []).append(Shown(str(trade_off.condition), pictures, links))
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
    paths = {"CSV": f"benchmarks/{name}.csv"}
    if not missing():
        paths |= {f"Vega-Lite, {axis}": f"benchmarks/{name}-{axis}.vl.json" for axis in _axes(trade_off)}
    return paths


def _text(label: str, trade_off: TradeOff) -> str:
    for axis in _AXES:
        if label.endswith(axis):
            return trade_off_vega.text(trade_off, axis)
    return trade_off_rows.as_csv(trade_off)


def _axes(trade_off: TradeOff) -> list[Axis]:
    return [axis for axis in _AXES if axis == "macs" or trade_off.batch_sizes]


def _pictures(name: str, trade_off: TradeOff) -> Iterator[Picture]:
    titles = {f"{trade_off_chart.POINT}-{place}": _title(point) for place, point in enumerate(trade_off.points)}
    for against in [MACS, *map(Against, trade_off.batch_sizes)]:
        caption = "Against multiply-accumulates"
        if against.batch_size is not None:
            caption = f"Against measured speed, batch size {against.batch_size}"
        svg = rendered(trade_off_chart.panel(trade_off, against), ".svg")
        label = f"{caption}, on {trade_off.condition.benchmark}. The table has the same numbers."
        yield Picture(caption, inline(svg, label, f"{name}-{against.batch_size or 'macs'}", titles))
    if needs_key(trade_off):
        svg = rendered(trade_off_chart.key(trade_off), ".svg")
        yield Picture("Key", inline(svg, f"Key of the pictures on {trade_off.condition.benchmark}.", f"{name}-key", {}))


def _title(point: Point) -> str:
    score = point.score
    speeds = "".join(f", {numbers.ratio(one.ratio)} at batch {one.batch_size}" for one in score.speed)
    macs = wording.macs(score.cost.macs)
    return f"{score.setting}: {wording.percent(point.quality)}, budget {point.budget:.2f}, {macs} MACs{speeds}"
