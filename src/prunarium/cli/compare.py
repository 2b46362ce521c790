"""``prunarium compare``: methods side by side, where that is fair."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from prunarium.cli.app import COMPARE, app
from prunarium.cli.console import console, print_json
from prunarium.cli.options import Json, Records

if TYPE_CHECKING:
    from rich.table import Table

    from prunarium.bench.comparison import Comparison, Ranking, Row
    from prunarium.records import MeasuredScore

NOTE = (
    "Quality: mean over the seeds. Difference to the untouched model in percentage points, with its paired 95 % "
    "interval. Speed: untouched time over the method's, with the 95 % interval of the median; above 1x is faster. Of "
    "several seeds, an interval is that of their mean: each seed's own interval and the spread of the seeds (Student's "
    "t), added as squares. One seed tells nothing of others. Own share: of a step, spent in the method's own work. "
    "≈ marks a method whose interval overlaps the best one's: the two are not told apart. A paired test between two "
    "methods would tell more apart; it needs the answers to every sample, which the records do not hold."
)


@app.command(rich_help_panel=COMPARE)
def compare(
    methods: Annotated[list[str] | None, typer.Argument(metavar="[METHOD]...", help="default: all")] = None,
    family: Annotated[str | None, typer.Option(help="only methods measured in this family, such as vit")] = None,
    benchmark: Annotated[str | None, typer.Option(help="only scores on this benchmark")] = None,
    budget: Annotated[
        list[float] | None, typer.Option(help="mean tokens per block, of the untouched model's; repeatable")
    ] = None,
    records: Records = None,
    as_json: Json = False,
) -> None:
    """Rank measured scores of equal budget, benchmark, model, precision and device, and say why others are left out.

    Budgets are equal within 1 %. Exit code 1 where nothing can be compared.
    """
    from prunarium.bench.comparison import LeftOut
    from prunarium.bench.comparison import compare as compared
    from prunarium.registry import find_card, measured_of, outdated_of

    scores = measured_of(methods, benchmark, family, records)
    outdated = outdated_of(methods, benchmark, family, records)
    found = compared(scores, budget, outdated)
    without = {find_card(name).id for name in methods or ()} - {score.method for score in (*scores, *outdated)}
    missing = tuple(LeftOut(name, (), 0, "no such score was measured") for name in sorted(without))
    missing += tuple(LeftOut(*one) for one in never_measured(methods, benchmark, scores))
    found = replace(found, left_out=(*found.left_out, *missing))
    if as_json:
        print_json(asdict(found))
    else:
        _show(found)
    if not found.rankings:
        raise typer.Exit(1)


def never_measured(
    methods: list[str] | None, benchmark: str | None, scores: "Sequence[MeasuredScore]"
) -> Iterator[tuple[str, tuple[float, ...], int, str]]:
    """Methods whose cards say why they are not measured on a benchmark that is compared here."""
    from prunarium.registry import cards, find_card

    wanted = [find_card(name) for name in methods] if methods else list(cards().values())
    shown = {benchmark} if benchmark else {score.benchmark for score in scores}
    for card in wanted:
        for name, why in card.unmeasured.items():
            if name in shown:
                yield card.id, (), 0, f"not measured on {name}: {why}"


def _show(found: "Comparison") -> None:
    out = console()
    for ranking in found.rankings:
        known = ranking.condition
        out.print(
            f"\nbudget {ranking.budget:g}: {known}, {known.samples} samples",
            style="italic",
            markup=False,
            soft_wrap=True,
        )
        out.print(_table(ranking))
        out.print("settings:", style="dim")
        for row in ranking.rows:
            out.print(f"  {row.rank:2}  {row.method}: {_setting(row)}", style="dim", markup=False, soft_wrap=True)
    if found.rankings:
        out.print()
        out.print(NOTE, style="dim", soft_wrap=True)
    else:
        out.print("nothing to compare: no two settings of equal budget were measured alike", style="bold")
    if found.left_out:
        out.print("\nleft out:", style="bold")
    for left_out in found.left_out:
        out.print(f"  {left_out}", markup=False, soft_wrap=True)


def _table(ranking: "Ranking") -> "Table":
    from rich.table import Table

    from prunarium.bench.wording import percent, points_between, times

    sizes = _batch_sizes(ranking.rows)
    table = Table(box=None, pad_edge=False, header_style="bold")
    columns = ["rank", "method", ranking.condition.metric, "difference", "fewer MACs"]
    caches = any(row.cache_ratio for row in ranking.rows)
    foretold = any(row.perplexity_ratio for row in ranking.rows)
    columns += ["smaller cache"] * caches + ["perplexity"] * foretold
    for name in (*columns, *(f"speed, batch {size}" for size in sizes), "own share"):
        table.add_column(name, justify="left" if name == "method" else "right", overflow="fold")
    table.add_row("", "untouched", percent(ranking.baseline), style="dim")
    for row in ranking.rows:
        mark = " ≈" if row.level_with_best and row.rank > 1 else ""
        difference = points_between(row.difference, row.difference_low, row.difference_high)
        seeds = f" ({row.seeds} seeds)" if row.seeds > 1 else ""
        cells = (f"{row.rank}{mark}", row.method, f"{percent(row.quality)}{seeds}", difference)
        costs = [times(row.mac_ratio), *([times(row.cache_ratio) if row.cache_ratio else ""] if caches else [])]
        costs += [_perplexity(row)] if foretold else []
        table.add_row(*cells, *costs, *_speeds(row, sizes))
    return table


def _perplexity(row: "Row") -> str:
    """Below 1 is better than the untouched model."""
    from prunarium.bench.wording import times_between

    if row.perplexity_ratio is None or row.perplexity_low is None or row.perplexity_high is None:
        return ""
    return times_between(row.perplexity_ratio, row.perplexity_low, row.perplexity_high)


def _batch_sizes(rows: "Sequence[Row]") -> list[int]:
    """The smallest and the largest that any row has: latency and throughput."""
    sizes = sorted({speed.batch_size for row in rows for speed in row.speed})
    return sorted({*sizes[:1], *sizes[-1:]})


def _setting(row: "Row") -> str:
    """Too long for the table."""
    from prunarium.bench.wording import percent

    seeds = f"{row.seeds} seeds, {percent(row.quality_low)} to {percent(row.quality_high)}" if row.seeds > 1 else ""
    return "; ".join(filter(None, [row.setting, seeds])) or "as it comes"


def _speeds(row: "Row", sizes: list[int]) -> list[str]:
    """One cell for each batch size, and one for the shares of the method's own work."""
    from prunarium.bench.wording import percent, times_between

    by_size = {speed.batch_size: speed for speed in row.speed}
    ratios, shares = [], []
    for size in sizes:
        speed = by_size.get(size)
        ratios.append(times_between(speed.ratio, speed.low, speed.high) if speed else "not timed")
        shares += [percent(speed.own_share, 0)] if speed else []
    return [*ratios, ", ".join(shares)]
