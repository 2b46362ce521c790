"""Write the tables of README.md and of the guide from the records, between their markers.

    python scripts/fill_tables.py [--check]

With --check nothing is written; the exit code is 1 when a page says something else than the records.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from statistics import mean
from typing import Annotated

import typer

from prunarium import registry
from prunarium.catalog import load
from prunarium.catalog.statistics import statistics
from prunarium.catalog.writing import write_text
from prunarium.paths import root
from prunarium.records import Interval, MeasuredScore

BUDGETS = (0.75, 0.5, 0.25)
PAGES = ("README.md", "site/pages/guide/measuring.md")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def ratio(value: Interval) -> str:
    """A ratio with its 95 % interval."""
    return f"{value.median:.2f} ({value.ci_low:.2f}, {value.ci_high:.2f})"


def methods() -> str:
    """What can be run."""
    rows = []
    for name, card in registry.cards().items():
        checked = "the authors' code" if card.parity == "official" else "baseline" if card.baseline else "nothing yet"
        rows.append([f"`{name}`", ", ".join(card.families), card.summary, checked])
    return table(("method", "family", "what it does", "checked against"), rows)


def budgets(scores: list[MeasuredScore]) -> str:
    """Accuracy by benchmark, method and budget; the mean where there are several seeds."""
    found: defaultdict[tuple[str, str], defaultdict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    untouched = {}
    for score in scores:
        if score.benchmark and score.quality:
            untouched[score.benchmark] = score.quality.baseline
            for budget in BUDGETS:
                if abs(score.cost.budget - budget) <= 0.01:
                    found[score.benchmark, score.method][budget].append(score.quality.method)
    rows = []
    for benchmark, accuracy in sorted(untouched.items()):
        rows.append([benchmark, "untouched", f"{100 * accuracy:.1f} %", "", ""])
        for (where, method), cells in sorted(found.items()):
            if where == benchmark:
                seeds = max(len(values) for values in cells.values())
                name = f"`{method}`" + (f", mean of {seeds} seeds" if seeds > 1 else "")
                values = [f"{100 * mean(cells[b]):.1f} %" if cells[b] else "out of reach" for b in BUDGETS]
                rows.append(["", name, *values])
    return table(("benchmark", "method", *(f"budget {budget}" for budget in BUDGETS)), rows)


def speed(scores: list[MeasuredScore]) -> str:
    """Fewer multiply-accumulates beside the measured ratio, for the models of real size."""
    rows = []
    for score in scores:
        if score.benchmark is None and score.speed:
            cost = score.cost
            ratios = {one.batch_size: ratio(one.ratio) for one in score.speed}
            macs = f"{cost.macs_baseline / 1e9:.2f} G to {cost.macs / 1e9:.2f} G"
            timed = "; ".join(f"batch {size}: {ratio}" for size, ratio in ratios.items())
            device = f"{score.environment.device}, {score.environment.threads} threads"
            rows.append(
                [f"`{score.setting}`", score.model, macs, f"{cost.macs_baseline / cost.macs:.2f}", timed, device]
            )
    return table(("method", "model", "MACs", "MAC ratio", "speed ratio (95 % interval)", "device"), rows)


def catalogue() -> str:
    """How many papers there are, and of how many what is known."""
    papers = load()
    counts = statistics(papers)
    known = {name: found.known for name, found in counts.completeness.items()}
    rows = [
        ["papers", str(counts.papers)],
        ["mentions in the lists", str(sum(len(paper.mentions) for paper in papers))],
        ["records with notes", str(sum(bool(paper.notes) for paper in papers))],
        ["with authors", str(known["authors"])],
        ["with a venue, or known to be a preprint", str(known["venue_or_preprint"])],
        ["with an arXiv id", str(known["arxiv"])],
        ["with a DOI", str(known["doi"])],
        ["with code", str(known["code"])],
        ["with modality, category and kind", str(min(known["modalities"], known["categories"]))],
    ]
    return table(("catalogue", "count"), rows)


def overhead(scores: list[MeasuredScore]) -> str:
    """The method's own work in a step, beside what it saves, for the models of real size."""
    rows = [
        [
            f"`{score.setting}`",
            score.model,
            str(speed.batch_size),
            f"{score.cost.macs_baseline / score.cost.macs:.2f}",
            ratio(speed.ratio),
            f"{speed.own_ms.median:.1f} ms",
            f"{100 * speed.own_share:.1f} %",
            f"{score.environment.device}, {score.environment.threads} threads",
        ]
        for score in scores
        if score.benchmark is None
        for speed in score.speed
    ]
    return table(("method", "model", "batch", "MAC ratio", "speed ratio", "own work", "own share", "device"), rows)


def identity(scores: list[MeasuredScore]) -> str:
    """The harness's own test: a method that changes nothing, timed as all others are."""
    rows = [
        [score.model, str(speed.batch_size), ratio(speed.ratio), score.environment.device]
        for score in scores
        if score.method == "identity"
        for speed in score.speed
    ]
    return table(("model", "batch", "speed ratio (95 % interval)", "device"), rows)


def filled(page: str, parts: dict[str, Callable[[], str]]) -> str:
    """The text of a page with each of its tables made again."""
    for name, make in parts.items():
        before, begin, rest = page.partition(f"<!-- {name} -->\n")
        if begin:
            _, end, after = rest.partition(f"<!-- /{name} -->")
            page = f"{before}{begin}{make()}\n{end}{after}"
    return page


def main(check: Annotated[bool, typer.Option("--check", help="write nothing, only compare")] = False) -> None:
    """Fill in the tables."""
    scores = [score for name in registry.cards() for score in registry.measured_scores(name)]
    parts: dict[str, Callable[[], str]] = {
        "catalogue": catalogue,
        "methods": methods,
        "budgets": lambda: budgets(scores),
        "speed": lambda: speed(scores),
        "overhead": lambda: overhead(scores),
        "identity": lambda: identity(scores),
    }
    for name in PAGES:
        path = root() / name
        old = path.read_text(encoding="utf-8")
        new = filled(old, parts)
        if check and new != old:
            sys.exit(f"{name} does not say what the records say; run: python scripts/fill_tables.py")
        if new != old:
            write_text(path, new)


if __name__ == "__main__":
    typer.run(main)
