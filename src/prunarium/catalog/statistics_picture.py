"""The counts of papers as a picture of four panels."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prunarium.catalog import picture_files
from prunarium.catalog.catalogue import Catalogue
from prunarium.catalog.statistics import Statistics

OPTION = "--plot"
MOST_BARS = 10
LEAST_YEARS = 5
_BAR, _INK, _FAINT = "#75487d", "#333333", "#6b6b6b"


def draw(counted: Statistics, catalogue: Catalogue, path: Path) -> Path:
    """Write the picture: papers per year, the most frequent venues, categories and modalities.

    Raises:
        PrunariumError: the picture cannot be written.
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=(10, 7), layout=ConstrainedLayoutEngine(h_pad=0.12, w_pad=0.12, hspace=0.04))
    (years, venues), (categories, modalities) = figure.subplots(2, 2)
    _draw_years(years, counted.counts["year"])
    venue_names = {venue.id: venue.name for venue in catalogue.venues.values()}
    _draw_bars(venues, "Venue", counted.counts["venue"], venue_names)
    _draw_bars(categories, "Category", counted.counts["category"], catalogue.names)
    _draw_bars(modalities, "Modality", counted.counts["modality"], catalogue.names)
    figure.suptitle(f"{counted.papers} papers of the Prunarium catalogue", fontsize=13, color=_INK)
    figure.supxlabel(
        "A paper with several values counts for each. Papers of which nobody states a value are left out.",
        fontsize=8,
        color=_FAINT,
    )
    return picture_files.write(picture_files.rendered(figure, path.suffix.lower()), path, OPTION)


def _draw_years(axes: Any, counts: Mapping[str, int]) -> None:
    """Every year of the span has its place, also one without a paper; a few old papers do not squeeze the others."""
    years = {int(year): count for year, count in counts.items()}
    last = max(years)
    first = max(min(years), last - MOST_BARS + 1)
    earlier = sum(count for year, count in years.items() if year < first)
    bars = {str(year): years.get(year, 0) for year in range(first, last + 1)}
    bars = {f"up to\n{first - 1}": earlier, **bars} if earlier else bars
    drawn = axes.bar(range(len(bars)), list(bars.values()), color=_BAR, width=0.75)
    axes.bar_label(drawn, [count or "" for count in bars.values()], fontsize=8, color=_INK, padding=2)
    axes.set_xticks(range(len(bars)), list(bars))
    axes.set_yticks([])
    axes.margins(y=0.12)
    around = max(0, LEAST_YEARS - len(bars)) / 2 + 0.5
    axes.set_xlim(-around, len(bars) - 1 + around)
    _clean(axes, "Year")


def _draw_bars(axes: Any, title: str, counts: Mapping[str, int], names: Mapping[str, str]) -> None:
    shown = list(counts.items())[:MOST_BARS]
    bars = axes.barh(range(len(shown)), [count for _, count in shown], color=_BAR, height=0.75)
    axes.bar_label(bars, fontsize=8, color=_INK, padding=3)
    axes.set_yticks(range(len(shown)), [names.get(value, value) for value, _ in shown])
    axes.set_ylim(MOST_BARS - 0.5, -0.5)  # bars as thick in every panel
    axes.set_xticks([])
    axes.margins(x=0.1)
    _clean(axes, title if len(counts) <= MOST_BARS else f"{title}, the first {MOST_BARS} of {len(counts)}")


def _clean(axes: Any, title: str) -> None:
    axes.set_title(title, fontsize=10, loc="left", color=_INK)
    axes.tick_params(length=0, labelsize=8, labelcolor=_INK)
    for side in ("top", "right", "bottom", "left"):
        axes.spines[side].set_visible(False)
