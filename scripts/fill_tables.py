"""Write the tables of README.md and of the guide from the records, between their markers.

    python scripts/fill_tables.py [--check]

With --check nothing is written; the exit code is 1 when a page says something else than the records.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from statistics import fmean
from typing import Annotated

import typer

from prunarium import registry
from prunarium.bench.best_settings import BestSettings, best_settings
from prunarium.bench.conditions import EQUAL_BUDGETS, condition_of
from prunarium.bench.digit_grid import KINDS
from prunarium.bench.draws import by_setting
from prunarium.bench.wording import macs, percent, place, ratio
from prunarium.catalog import load
from prunarium.catalog.statistics import statistics
from prunarium.catalog.writing import write_text
from prunarium.paths import root
from prunarium.records import MeasuredScore

PAGES = ("README.md", "site/pages/guide/measuring.md", "site/pages/guide/vision-language.md")
_MIDDLE = 0.25


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def methods() -> str:
    """What can be run."""
    rows = []
    for name, card in registry.cards().items():
        unchecked = "baseline" if card.baseline else card.parity_reason or ""
        checked = "the authors' code" if card.parity == "official" else unchecked
        rows.append([f"`{name}`", ", ".join(card.families), card.summary, checked])
    return table(("method", "family", "what it does", "checked against"), rows)


def budgets(scores: list[MeasuredScore]) -> str:
    """Quality by benchmark, method and budget, of what ``prunarium compare`` ranks: each method's best setting.

    Of a benchmark, the condition (model, device, precision and so on) under which the most settings are ranked.
    """
    shown: dict[str, BestSettings] = {}
    for best in best_settings(scores):
        shown.setdefault(best.condition.benchmark, best)
    head = ("benchmark", "method", *(f"budget {budget}" for budget in EQUAL_BUDGETS))
    return table(head, [row for best in shown.values() for row in _ranked(best)])


def _ranked(best: BestSettings) -> Iterator[list[str]]:
    """A row for the untouched model and one for each method."""
    condition = best.condition
    where = f"{condition.benchmark}: {condition.device}, {condition.threads} threads, {condition.precision}"
    yield [where, "untouched", percent(best.baseline), *[""] * (len(EQUAL_BUDGETS) - 1)]
    for method, at in best.rows.items():
        seeds = max(row.seeds for row in at.values())
        name = f"`{method}`" + (f", mean of {seeds} seeds" if seeds > 1 else "")
        quality = {one: percent(at[one].quality) if one in at else "not ranked" for one in best.budgets}
        yield ["", name, *(quality.get(one, "") for one in EQUAL_BUDGETS)]


def questions(scores: list[MeasuredScore]) -> str:
    """Quality on digit-grid by kind of question, at the budget in the middle: methods that read the question first.

    The condition is the one under which the most settings are ranked, and of each method its best setting.
    """
    best = next((one for one in best_settings(scores) if one.condition.benchmark == "digit-grid"), None)
    if best is None:
        return "Nothing was measured yet."
    kept = _MIDDLE if _MIDDLE in best.budgets else best.budgets[0]
    ranked = {method: at[kept] for method, at in best.rows.items() if kept in at}
    draws = by_setting(score for score in scores if condition_of(score) == best.condition)
    cards = registry.cards()
    order = sorted(ranked, key=lambda name: (not cards[name].text_guided, -ranked[name].quality))
    rows = []
    for name in order:
        row = ranked[name]
        kinds = [one.quality_by_kind for one in draws[name, row.setting]]
        shares = [percent(fmean(one[kind].method for one in kinds)) for kind in KINDS]
        guided = "yes" if cards[name].text_guided else "no"
        rows.append([f"`{name}`", guided, percent(row.quality), *shares, f"{row.mac_ratio:.2f}"])
    return table(("method", "reads the question", f"all, budget {kept}", *KINDS, "MAC ratio"), rows)


def _of_real_size(scores: list[MeasuredScore]) -> list[MeasuredScore]:
    """On models of others, at settings that somebody gave; those turned to equal MACs, and those of decoders, have
    pages of the site."""
    others = [score for score in scores if score.benchmark is None and score.family != "decoder"]
    return [score for score in others if "--macs" not in score.command.split()]


def speed(scores: list[MeasuredScore]) -> str:
    """Fewer multiply-accumulates beside the measured ratio, for the models of real size."""
    rows = []
    for score in _of_real_size(scores):
        if score.speed:
            cost = score.cost
            ratios = {one.batch_size: ratio(one.ratio) for one in score.speed}
            counted = f"{macs(cost.macs_baseline)} to {macs(cost.macs)}"
            timed = "; ".join(f"batch {size}: {ratio}" for size, ratio in ratios.items())
            share = f"{cost.macs_baseline / cost.macs:.2f}"
            rows.append([f"`{score.setting}`", score.model, counted, share, timed, place(score.environment)])
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
            percent(speed.own_share),
            place(score.environment),
        ]
        for score in _of_real_size(scores)
        for speed in score.speed
    ]
    return table(("method", "model", "batch", "MAC ratio", "speed ratio", "own work", "own share", "device"), rows)


def identity(scores: list[MeasuredScore]) -> str:
    """The harness's own test: a method that changes nothing, timed as all others are."""
    rows = [
        [score.model, str(speed.batch_size), ratio(speed.ratio), place(score.environment)]
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
    scores = registry.measured_of()
    parts: dict[str, Callable[[], str]] = {
        "catalogue": catalogue,
        "methods": methods,
        "budgets": lambda: budgets(scores),
        "speed": lambda: speed(scores),
        "overhead": lambda: overhead(scores),
        "identity": lambda: identity(scores),
        "questions": lambda: questions(scores),
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
