"""``prunarium papers`` and ``prunarium show``: the catalogue in the terminal."""

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prunarium.cli.app import app
from prunarium.cli.console import console

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from prunarium.catalog import Catalogue
    from prunarium.records import Paper

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Several = list[str] | None
MethodsOf = Mapping[str, list[str]]
_TABLE_WIDTH = 120


def _facet(flag: str, what: str) -> Any:
    return typer.Option(flag, help=f"Only {what}; may be given several times, for any of them.")


@app.command()
def papers(
    modality: Annotated[Several, _facet("--modality", "this modality")] = None,
    venue: Annotated[Several, _facet("--venue", "this venue")] = None,
    year: Annotated[list[int] | None, _facet("--year", "this year")] = None,
    category: Annotated[Several, _facet("--category", "this category")] = None,
    kind: Annotated[Several, _facet("--kind", "this kind of paper")] = None,
    training: Annotated[Several, _facet("--training", "this need for training")] = None,
    in_list: Annotated[Several, _facet("--list", "papers that this list names")] = None,
    has_code: Annotated[bool | None, typer.Option("--has-code/--no-code", help="Only with, or without, code.")] = None,
    runnable: Annotated[bool, typer.Option("--runnable", help="Only papers with a method that runs here.")] = False,
    search: Annotated[str | None, typer.Option(help="All words, in title, name, authors and notes.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the papers of the catalogue, all or those that fit every option."""
    from prunarium.catalog import load
    from prunarium.registry import methods_of_papers

    catalogue, methods = load(), methods_of_papers()
    found = catalogue.filter(
        modality=modality or None,
        venue=venue or None,
        year=year or None,
        category=category or None,
        kind=kind or None,
        training=training or None,
        list=in_list or None,
        has_code=has_code,
        runnable_ids=set(methods) if runnable else None,
        search=search,
    )
    if as_json:
        _print_json([_as_data(paper, methods) for paper in found])
    else:
        _print_table(found, catalogue, methods)


@app.command()
def show(
    paper_id: Annotated[str, typer.Argument(metavar="ID", help="The paper's id, as 'prunarium papers' lists it.")],
    as_json: AsJson = False,
) -> None:
    """Show all that is known of one paper, and how to run its method."""
    from prunarium.catalog import load
    from prunarium.registry import methods_of_papers

    catalogue, methods = load(), methods_of_papers()
    paper = catalogue.paper(paper_id)
    if as_json:
        _print_json(_as_data(paper, methods))
    else:
        _print_paper(paper, catalogue, methods)


def _print_json(data: object) -> None:
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def _as_data(paper: "Paper", methods: MethodsOf) -> dict[str, Any]:
    """The whole record, empty fields too, with its page and what runs it."""
    return {**paper.model_dump(mode="json"), "url": paper.url, "methods": list(methods.get(paper.id, []))}


def _venue(paper: "Paper", catalogue: "Catalogue") -> str:
    if paper.venue is None:
        return ""
    known = catalogue.venues.get(paper.venue.id)
    name = known.name if known else paper.venue.id
    return f"{name} {paper.venue.track}" if paper.venue.track else name


def _print_table(found: "tuple[Paper, ...]", catalogue: "Catalogue", methods: MethodsOf) -> None:
    out = console()
    if out.width < _TABLE_WIDTH:
        _print_stacked(found, catalogue, methods, out)
    elif found:
        out.print(_table(found, catalogue, methods))
    runnable = sum(paper.id in methods for paper in found)
    out.print(f"{len(found)} of {len(catalogue)} papers, {runnable} with a method that runs here", style="bold")


def _table(found: "tuple[Paper, ...]", catalogue: "Catalogue", methods: MethodsOf) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("id", no_wrap=True)
    table.add_column("year", no_wrap=True)
    table.add_column("venue", overflow="fold")
    table.add_column("title", overflow="fold")
    table.add_column("categories", overflow="fold")
    table.add_column("code", no_wrap=True)
    table.add_column("runs", no_wrap=True)
    for paper in found:
        table.add_row(
            Text(paper.id, style="cyan"),
            str(paper.year),
            Text(_venue(paper, catalogue)),
            Text(paper.title),
            ", ".join(paper.categories),
            "yes" if paper.links.code else "",
            "yes" if paper.id in methods else "",
        )
    return table


def _print_stacked(found: "tuple[Paper, ...]", catalogue: "Catalogue", methods: MethodsOf, out: "Console") -> None:
    """The same facts on two lines each, for narrow windows: an id that is cut in two cannot be copied."""
    from rich.padding import Padding
    from rich.text import Text

    for paper in found:
        facts = [str(paper.year), _venue(paper, catalogue), ", ".join(paper.categories)]
        facts += ["code"] if paper.links.code else []
        facts += ["runs"] if paper.id in methods else []
        out.print(Text.assemble((paper.id, "cyan"), "  ", "  ".join(filter(None, facts))), soft_wrap=True)
        out.print(Padding(Text(paper.title), (0, 0, 0, 4)))


def _print_paper(paper: "Paper", catalogue: "Catalogue", methods: MethodsOf) -> None:
    from rich.text import Text

    out = console()
    out.print(Text(paper.title, style="bold"), soft_wrap=True)
    for name, value in _facts(paper, catalogue, methods):
        if value:
            out.print(Text.assemble((f"{name:<13}", "dim"), value), soft_wrap=True)


def _facts(paper: "Paper", catalogue: "Catalogue", methods: MethodsOf) -> list[tuple[str, str]]:
    """What a reader wants of a record, in order: name of the fact, and its words."""
    where = ""
    if paper.venue:
        where = f"{_venue(paper, catalogue)} {paper.venue.year} ({paper.venue.status})"
    facts = [
        ("id", paper.id),
        ("name", paper.name or ""),
        ("authors", ", ".join(paper.authors)),
        ("year", str(paper.year)),
        ("venue", where),
        ("kind", paper.kind),
        ("modalities", ", ".join(paper.modalities)),
        ("categories", ", ".join(paper.categories)),
        ("training", paper.training),
        ("page", paper.url or ""),
    ]
    facts += [(name, str(value)) for name, value in paper.identifiers if value]
    for role in ("paper", "pdf", "project", "other"):
        facts += [(role, url) for url in getattr(paper.links, role)]
    facts += [("code", f"{link.url}{_whose(link.official)}") for link in paper.links.code]
    facts += [("superseded by", paper.superseded_by or ""), ("duplicate of", paper.duplicate_of or "")]
    facts += [("withdrawn", "yes" if paper.withdrawn else "")]
    for mention in paper.mentions:
        listed = " ".join(str(part) for part in (mention.venue, mention.year) if part)
        place = f"{mention.list}, line {mention.line}" + (f", {mention.section}" if mention.section else "")
        facts.append(("mention", f"{place}: {mention.title}" + (f" ({listed})" if listed else "")))
    facts += [("source", f"{field}: {source}") for field, source in paper.sources.items()]
    facts += [("note", note) for note in paper.notes]
    return facts + [("run", f"prunarium run {method}") for method in methods.get(paper.id, [])]


def _whose(official: bool | None) -> str:
    return "" if official is None else " (official)" if official else " (by others)"
