"""``prunarium check-links``: which of the catalogue's web addresses still answer."""

import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prunarium import paths
from prunarium.cli.app import CURATE, app
from prunarium.cli.console import console, print_json
from prunarium.cli.curate import Root
from prunarium.cli.options import Json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from requests import Session

    from prunarium.catalog.links import Result, Results, Use

_INTERRUPTED = 130


@app.command(name="check-links", rich_help_panel=CURATE)
def check_links(
    paper_ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Only these papers; without any, all records.")
    ] = None,
    since: Annotated[
        str, typer.Option(help="Trust what was found since then: a date, or days back from now; 0d asks for all again.")
    ] = "7d",
    cache: Annotated[
        Path | None, typer.Option(help="File of results; without it, build/links.jsonl of the clone.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Hosts at a time; each gets one request at a time.")] = 8,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that one try to get an answer may take.")] = 20,
    delay: Annotated[
        float, typer.Option(min=0.01, help="Seconds between two requests to one host; arXiv gets 3 at least.")
    ] = 1,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Ask for every web address of the catalogue, and say what became of it; exit code 1 where one is broken.

    No record is changed. A run that is stopped goes on where it was, when it is started again.
    """
    from datetime import UTC, datetime

    from prunarium.catalog import load
    from prunarium.catalog.links import Results, addresses, default_file, moment
    from prunarium.catalog.web import session

    root = root or paths.root()
    trusted = moment(since, datetime.now(UTC))
    held = addresses(load(root), root, paper_ids or ())
    results = Results(cache or default_file(root))
    for fault in results.faults:
        print(f"warning: {fault}", file=sys.stderr)
    with session(delay, timeout) as web:
        asked, stopped = _ask(web, held, results, trusted, jobs)
    found = _found(held, results, trusted, asked)
    if as_json:
        print_json(_as_data(found, held))
    else:
        _print(found, held)
    if stopped:
        _stop(results)
    if any(result.outcome.broken for result in found):
        raise typer.Exit(1)


def _ask(
    web: "Session", held: "dict[str, list[Use]]", results: "Results", trusted: "datetime", jobs: int
) -> "tuple[dict[str, Result], bool]":
    """Check what needs it, keeping each result at once: the results of this run, and whether somebody stopped it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from prunarium.catalog.links import Outcome, check_all

    due = [url for url in held if not results.fresh(url, trusted)]
    asked: dict[str, Result] = {}
    print(f"{len(held)} addresses, {len(due)} of them to check; results in {results.path}", file=sys.stderr)
    watched = Console(stderr=True)
    columns = (TextColumn("checking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=watched, transient=True, disable=not watched.is_terminal) as progress:
            for result in progress.track(check_all(web, due, jobs), total=len(due)):
                asked[result.url] = result
                if result.outcome is not Outcome.NOT_CHECKED:
                    results.add(result)
    except KeyboardInterrupt:
        return asked, True
    results.tidy()
    return asked, False


def _found(
    held: "dict[str, list[Use]]", results: "Results", trusted: "datetime", asked: "dict[str, Result]"
) -> "list[Result]":
    """What is known of each address: of this run, of one that is trusted, or that it was not asked."""
    from prunarium.catalog.links import not_checked

    never = "the run was stopped before its turn came"
    return [asked.get(url) or results.fresh(url, trusted) or not_checked(url, never) for url in held]


def _as_data(found: "list[Result]", held: "dict[str, list[Use]]") -> dict[str, Any]:
    """The outcomes in numbers, and each address with the places that use it."""
    from dataclasses import asdict

    counts = Counter(result.outcome.value for result in found)
    rows = [{**result.model_dump(mode="json"), "uses": [asdict(use) for use in held[result.url]]} for result in found]
    return {"outcomes": dict(counts), "addresses": rows}


def _print(found: "list[Result]", held: "dict[str, list[Use]]") -> None:
    """The summary, then a line for each place that a curator may want to mend."""
    from rich.table import Table
    from rich.text import Text

    from prunarium.catalog.links import Outcome

    out = console()
    counts = Counter(result.outcome for result in found)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("outcome", no_wrap=True)
    table.add_column("addresses", justify="right")
    table.add_column("what it means")
    for outcome in Outcome:
        if counts[outcome]:
            table.add_row(outcome.value, str(counts[outcome]), outcome.meaning)
    if found:
        out.print(table)
    for use, what in sorted(_to_mend(found, held)):
        out.print(Text(f"{use}: {what}"), soft_wrap=True)
    broken = sum(result.outcome.broken for result in found)
    out.print(f"{len(found)} addresses, {broken} broken", style="bold")


def _to_mend(found: "list[Result]", held: "dict[str, list[Use]]") -> "Iterator[tuple[Use, str]]":
    """The places whose address is broken, or has a better one, and what is wrong there."""
    from prunarium.catalog.links import Outcome

    for result in found:
        if result.outcome.broken or result.outcome is Outcome.MOVED:
            what = f" -> {result.moved_to}" if result.outcome is Outcome.MOVED else f" ({result.message})"
            for use in held[result.url]:
                yield use, f"{result.outcome.value}: {result.url}{what}"


def _stop(results: "Results") -> None:
    """End now. A normal exit would wait for the requests that are under way, up to their timeouts and waits."""
    print(f"stopped; what was found is in {results.path}, and the next run goes on from there", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(_INTERRUPTED)
