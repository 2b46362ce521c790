"""Papers per year, stacked by their first value of a facet: the bars of the timeline, and their table."""

from collections import Counter
from dataclasses import dataclass

from markupsafe import Markup, escape

from prunarium.records import Paper
from prunarium.site.content import Content
from prunarium.site.groups import Group, groups

COLOURED = 6
"""The style sheet has a colour for as many; the rest share one."""
_WIDTH = 1000
_GAP = 2


@dataclass(frozen=True)
class Series:
    """A value of the facet, or the rest of them. ``style`` is its class in the style sheet."""

    id: str
    name: str
    style: str


@dataclass(frozen=True)
class Stack:
    """The counts of one year, series by series, and their bar."""

    year: int
    counts: tuple[int, ...]
    bar: Markup

    @property
    def total(self) -> int:
        """How many papers the year has."""
        return sum(self.counts)


@dataclass(frozen=True)
class Stacks:
    """All years, the newest first."""

    series: tuple[Series, ...]
    stacks: tuple[Stack, ...]


def stacks(content: Content, facet: str) -> Stacks:
    """The papers by year and first category, or modality; each paper counts once."""
    known = groups(content, facet)
    firsts = [(paper.year, _first(paper, facet)) for paper in content.papers]
    series, rest = _series(known, Counter(first for _, first in firsts))
    of_year: dict[int, Counter[str]] = {}
    for year, first in firsts:
        of_year.setdefault(year, Counter())[rest.get(first, first)] += 1
    most = max((counts.total() for counts in of_year.values()), default=1)
    made = []
    for year in sorted(of_year, reverse=True):
        counts = tuple(of_year[year][one.id] for one in series)
        made.append(Stack(year, counts, _bar(year, counts, series, most)))
    return Stacks(tuple(series), tuple(made))


def _first(paper: Paper, facet: str) -> str:
    values = paper.categories if facet == "category" else paper.modalities
    return values[0] if values else ""


def _series(known: list[Group], counts: Counter[str]) -> tuple[list[Series], dict[str, str]]:
    """The most frequent values, and the rest as one, with what each of these is counted as."""
    ordered = sorted((group for group in known if counts[group.id]), key=lambda group: -counts[group.id])
    shown, others = ordered[:COLOURED], ordered[COLOURED:]
    series = [Series(group.id, group.name, f"pr-series-{place}") for place, group in enumerate(shown, start=1)]
    rest = {group.id: "" for group in others}
    if len(others) == 1:
        series.append(Series("", others[0].name, "pr-series-rest"))
    elif others or counts[""]:
        series.append(Series("", "the rest", "pr-series-rest"))
    return series, rest


def _bar(year: int, counts: tuple[int, ...], series: list[Series], most: int) -> Markup:
    """A bar as wide as its place: it is stretched, so that nothing in it may be round or written."""
    parts, left = [], 0.0
    for one, count in zip(series, counts, strict=True):
        width = _WIDTH * count / most
        if count:
            title = f"<title>{escape(one.name)}: {count}</title>"
            shown = max(width - _GAP, 1)
            parts.append(f'<rect class="{one.style}" x="{left:.4g}" width="{shown:.4g}" height="10">{title}</rect>')
        left += width
    words = ", ".join(f"{count} {one.name}" for one, count in zip(series, counts, strict=True) if count)
    # Every number is computed here, and every name is escaped.
    return Markup(
        f'<svg class="pr-stack" viewBox="0 0 {_WIDTH} 10" preserveAspectRatio="none" role="img" '
        f'aria-label="{year}: {escape(words)}">{"".join(parts)}</svg>'
    )
