"""``prunarium compare``: methods side by side, where that is fair."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from prunarium.cli.app import app
from prunarium.cli.console import console, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from prunarium.bench.comparison import Comparison, Ranking, Row

NOTE = (
    "Quality: mean over the seeds; difference to the untouched model in percentage points, with its paired 95 % "
    "interval. Speed: untouched time over the method's, with the 95 % interval of the median; above 1x is faster. Own "
    "share: of a step, spent in the method's own work. ≈ marks a method whose interval overlaps the best one's: the "
    "two are not told apart. A paired test between two methods would tell more apart; it needs the answers to every "
    "sample, which the records do not hold."
)


@app.command()
def compare(
    methods: Annotated[list[str] | None, typer.Argument(metavar="[METHOD]...", help="default: all")] = None,
    family: Annotated[str | None, typer.Option(help="only methods measured in this family, such as vit")] = None,
    benchmark: Annotated[str | None, typer.Option(help="only scores on this benchmark")] = None,
    budget: Annotated[
        list[float] | None, typer.Option(help="mean tokens per block, of the untouched model's; repeatable")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Rank measured scores of equal budget, benchmark, model, precision and device, and say why others are left out.

    Budgets are equal within 1 %. Exit code 1 where nothing can be compared.
    """
    from prunarium.bench.comparison import LeftOut
    from prunarium.bench.comparison import compare as compared
    from prunarium.bench.conditions import EQUAL_BUDGETS
    from prunarium.registry import find_card, measured_of

    scores = measured_of(methods, benchmark, family)
    found = compared(scores, budget or EQUAL_BUDGETS)
    without = {find_card(name).id for name in methods or ()} - {score.method for score in scores}
    missing = tuple(LeftOut(name, (), 0, "no such score was measured") for name in sorted(without))
    found = replace(found, left_out=(*found.left_out, *missing))
    if as_json:
        print_json(asdict(found))
    else:
        _show(found)
    if not found.rankings:
        raise typer.Exit(1)


def _show(found: "Comparison") -> None:
    out = console()
    for ranking in found.rankings:
        out.print(_table(ranking))
    if found.rankings:
        out.print(NOTE, style="dim", soft_wrap=True)
    else:
        out.print("nothing to compare: no two settings of equal budget were measured alike", style="bold")
    if found.left_out:
        out.print("\nleft out:", style="bold")
    for left_out in found.left_out:
        out.print(f"  {left_out}", markup=False, soft_wrap=True)


def _table(ranking: "Ranking") -> "Table":
    from rich.table import Table
    from rich.text import Text

    condition = ranking.condition
    sizes = _batch_sizes(ranking.rows)
    title = f"\nbudget {ranking.budget:g}: {condition}, {condition.samples} samples"
    table = Table(box=None, pad_edge=False, header_style="bold", title=title, title_justify="left")
    columns = ["rank", "method", "setting", condition.metric, "difference", "fewer MACs"]
    for name in (*columns, *(f"speed, batch {size}" for size in sizes), "own share"):
        table.add_column(name, justify="left" if name in ("method", "setting") else "right", overflow="fold")
    table.add_row("", "untouched", "", f"{100 * ranking.baseline:.1f} %", style="dim")
    for row in ranking.rows:
        mark = " ≈" if row.level_with_best and row.rank > 1 else ""
        cells = (f"{row.rank}{mark}", row.method, Text(row.setting), _quality(row), _difference(row))
        table.add_row(*cells, f"{row.mac_ratio:.2f}x", *_speeds(row, sizes))
    return table


def _batch_sizes(rows: "Sequence[Row]") -> list[int]:
    """The smallest and the largest that any row has: latency and throughput."""
    sizes = sorted({speed.batch_size for row in rows for speed in row.speed})
    return sorted({*sizes[:1], *sizes[-1:]})


def _quality(row: "Row") -> str:
    if row.seeds == 1:
        return f"{100 * row.quality:.1f} %"
    return f"{100 * row.quality:.1f} % ({100 * row.quality_low:.1f} to {100 * row.quality_high:.1f}, {row.seeds} seeds)"


def _difference(row: "Row") -> str:
    return f"{100 * row.difference:+.1f} ({100 * row.difference_low:+.1f}, {100 * row.difference_high:+.1f})"


def _speeds(row: "Row", sizes: list[int]) -> list[str]:
    """One cell for each batch size, and one for the shares of the method's own work."""
    by_size = {speed.batch_size: speed for speed in row.speed}
    ratios, shares = [], []
    for size in sizes:
        speed = by_size.get(size)
        ratios.append(f"{speed.ratio:.2f}x ({speed.low:.2f}, {speed.high:.2f})" if speed else "not timed")
        shares += [f"{100 * speed.own_share:.0f} %"] if speed else []
    return [*ratios, ", ".join(shares)]
