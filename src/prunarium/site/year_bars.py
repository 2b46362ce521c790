"""Papers per year as a small column chart: plain SVG in the page's own letters and colours, cheap on every page."""

from collections.abc import Iterator, Mapping

from markupsafe import Markup, escape

WIDTH, HEIGHT = 300, 96
_TOP, _FLOOR = 14, HEIGHT - 14.5
"""What is above is left to the highest column's number, what is below to the years."""
_WIDEST = 34
_ROOM_FOR_A_NUMBER, _ROOM_FOR_A_YEAR = 21, 27


def year_bars(counts: Mapping[int, int], label: str) -> Markup:
    """The ``<svg>`` element; nothing where there is nothing to count.

    Args:
        counts: papers by year. Years between the first and the last one that are missing stay empty.
        label: what the chart shows, for readers who do not see it. The numbers have to stand beside it as text.
    """
    if not counts:
        return Markup("")
    years = range(min(counts), max(counts) + 1)
    parts = "".join(_parts(counts, years, min(_WIDEST, WIDTH / len(years))))
    # Every number in it is computed here, and the label is escaped.
    return Markup(
        f'<svg class="pr-year-bars" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(label)}">{parts}</svg>'
    )


def _parts(counts: Mapping[int, int], years: range, step: float) -> Iterator[str]:
    most = max(counts.values())
    for place, year in enumerate(years):
        middle, count = (place + 0.5) * step, counts.get(year, 0)
        if count:
            height = (_FLOOR - _TOP) * count / most
            yield _column(middle, 0.76 * step, height)
            if step >= _ROOM_FOR_A_NUMBER or count == most:
                yield _words(middle, _FLOOR - height - 3, count, "pr-bars-count")
        if year in _named(years, step):
            yield _words(middle, HEIGHT - 2, year, "pr-bars-year")
    yield f'<path d="M0 {_FLOOR}H{step * len(years):.4g}"/>'


def _named(years: range, step: float) -> set[int]:
    """The years that have room for their name."""
    every = next(every for every in (1, 2, 5, 10, 25, 50, 100) if every * step >= _ROOM_FOR_A_YEAR)
    return {year for year in years if year % every == 0} or {years[0]}


def _column(middle: float, width: float, height: float) -> str:
    place = f'x="{middle - width / 2:.4g}" y="{_FLOOR - height:.4g}"'
    return f'<rect {place} width="{width:.4g}" height="{height:.4g}"/>'


def _words(middle: float, bottom: float, words: int, name: str) -> str:
    return f'<text class="{name}" x="{middle:.4g}" y="{bottom:.4g}" text-anchor="middle">{words}</text>'
