"""The outcomes of a bench as a table for people."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from prunarium.bench.wording import difference, percent, ratio
from prunarium.records import MeasuredScore

if TYPE_CHECKING:
    from prunarium.bench.cells import Cell, Outcome


def outcome_table(outcomes: "Sequence[Outcome]") -> Table:
    """A row for each cell; a failed one has no numbers."""
    sizes = sorted({speed.batch_size for outcome in outcomes if outcome.score for speed in outcome.score.speed})
    table = Table(box=None, pad_edge=False, header_style="bold")
    caches = any(outcome.score.cost.cache for outcome in outcomes if outcome.score)
    names = ("method", "setting", "on", "seed", "budget", "quality", "difference (95 %)", "MACs")
    for name in (*names, *(["cache"] if caches else [])):
        table.add_column(name, overflow="fold")
    for size in sizes:
        table.add_column(f"speed at {size} (95 %)", justify="right")
        table.add_column(f"own work at {size}", justify="right")
    table.add_column("state")
    for outcome in outcomes:
        blank = 4 + caches + 2 * len(sizes)
        numbers = _cells(outcome.score, sizes, caches) if outcome.score else _named(outcome.cell, blank)
        table.add_row(*numbers, outcome.state)
    return table


def _named(cell: "Cell", blank: int) -> list[str]:
    return [Path(cell.method).name, cell.setting, cell.place, str(cell.seed), *[""] * blank]


def _cells(score: MeasuredScore, sizes: list[int], caches: bool) -> list[str]:
    where = score.model if score.benchmark in (None, score.model) else f"{score.benchmark}, {score.model}"
    row = [score.method, score.setting, where, str(score.seed), f"{score.cost.budget:.3f}", *_quality(score)]
    row.append(f"{score.cost.macs / score.cost.macs_baseline:.3f}")
    if caches:
        cache = score.cost.cache
        row.append(f"{cache.bytes / cache.bytes_baseline:.3f}" if cache else "")
    speeds = {speed.batch_size: speed for speed in score.speed}
    for size in sizes:
        speed = speeds.get(size)
        row += [ratio(speed.ratio), percent(speed.own_share, 0)] if speed else ["", ""]
    return row


def _quality(score: MeasuredScore) -> list[str]:
    quality = score.quality
    if quality is None:
        return ["", "not measured"]
    return [percent(quality.method), difference(quality)]
