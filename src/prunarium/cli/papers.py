"""``prunarium papers`` and ``prunarium show``: the catalogue in the terminal."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from prunarium.cli.app import FIND, app
from prunarium.cli.console import console, print_json
from prunarium.cli.filters import Chosen, Reverse, SortKeys, choosing_papers
from prunarium.cli.options import Json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from prunarium.catalog import Catalogue, Papers
    from prunarium.records import Paper

MethodsOf = Mapping[str, list[str]]
_TABLE_WIDTH = 120


@app.command(rich_help_panel=FIND)
@choosing_papers
def papers(
    chosen: Chosen,
    sort: SortKeys = None,
    reverse: Reverse = False,
    as_json: Json = False,
) -> None:
    """List the papers of the catalogue, all or those that fit every option."""
    found = chosen.papers.sort(*sort or (), reverse=reverse)
    if as_json:
        from prunarium.catalog.exporting.json_records import record

        print_json([record(paper, chosen.methods.get(paper.id, [])) for paper in found])
    else:
        _print_table(found, chosen.methods)


@app.command(rich_help_panel=FIND)
def show(
    paper_id: Annotated[str, typer.Argument(metavar="ID", help="The paper's id, as 'prunarium papers' lists it.")],
    as_json: Json = False,
) -> None:
    """Show all that is known of one paper, and how to run its method."""
    from prunarium.catalog import load
    from prunarium.catalog.exporting.json_records import record
    from prunarium.registry import methods_of_papers

    catalogue, methods = load(), methods_of_papers()
    paper = catalogue.paper(paper_id)
    if as_json:
        print_json(record(paper, methods.get(paper.id, [])))
    else:
        _print_paper(paper, catalogue, methods)


def _print_table(found: "Papers", methods: MethodsOf) -> None:
    out = console()
    if out.width < _TABLE_WIDTH:
        _print_stacked(found, methods, out)
    elif found:
        out.print(_table(found, methods))
    runnable = sum(paper.id in methods for paper in found)
    out.print(f"{len(found)} of {len(found.catalogue)} papers, {runnable} with a method that runs here", style="bold")


def _table(found: "Papers", methods: MethodsOf) -> "Table":
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
            Text(found.catalogue.venue_name(paper)),
            Text(paper.title),
            ", ".join(paper.categories),
            "yes" if paper.links.code else "",
            "yes" if paper.id in methods else "",
        )
    return table


def _print_stacked(found: "Papers", methods: MethodsOf, out: "Console") -> None:
    """The same facts on two lines each, for narrow windows: an id that is cut in two cannot be copied."""
    from rich.padding import Padding
    from rich.text import Text

    for paper in found:
        facts = [str(paper.year), found.catalogue.venue_name(paper), ", ".join(paper.categories)]
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
            out.print(Text.assemble((f"{name:<12} ", "dim"), value), soft_wrap=True)


def _facts(paper: "Paper", catalogue: "Catalogue", methods: MethodsOf) -> list[tuple[str, str]]:
    """What a reader wants of a record, in order: name of the fact, and its words."""
    where = ""
    if paper.venue:
        where = f"{catalogue.venue_name(paper)} {paper.venue.year} ({paper.venue.status})"
    facts = [
        ("id", paper.id),
        ("former id", ", ".join(paper.aliases)),
        ("name", paper.name or ""),
        *(("other title", title) for title in paper.other_titles),
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
    facts += [("withdrawn", "yes" if paper.withdrawn else ""), ("added", paper.added or "")]
    for mention in paper.mentions:
        listed = " ".join(str(part) for part in (mention.venue, mention.year) if part)
        place = f"{mention.list}, line {mention.line}" + (f", {mention.section}" if mention.section else "")
        facts.append(("mention", f"{place}: {mention.title}" + (f" ({listed})" if listed else "")))
    facts += [("source", f"{field}: {source}") for field, source in paper.sources.items()]
    facts += [("note", note) for note in paper.notes]
    return facts + [("run", f"prunarium run {method}") for method in methods.get(paper.id, [])]


def _whose(official: bool | None) -> str:
    return "" if official is None else " (official)" if official else " (by others)"
