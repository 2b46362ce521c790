"""``prunarium cite`` and ``prunarium export``: papers for other programs."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prunarium.cli.app import FIND, app
from prunarium.cli.filters import Chosen, Reverse, SortKeys, choosing_papers
from prunarium.cli.output_file import check_output, write_output
from prunarium.errors import PrunariumError

if TYPE_CHECKING:
    from prunarium.catalog import Catalogue
    from prunarium.records import Paper

PaperIds = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID]...", help="Ids of papers, as 'prunarium papers' lists them."),
]


@app.command(rich_help_panel=FIND)
@choosing_papers
def cite(chosen: Chosen, paper_ids: PaperIds = None) -> None:
    """Print the BibTeX of the papers that you name, or of those that fit every filter."""
    from prunarium.catalog.exporting import export as made

    if paper_ids and chosen.filtered:
        raise PrunariumError("cite takes ids of papers or filters, not both; leave one of them out")
    if not paper_ids and not chosen.filtered:
        raise PrunariumError("name a paper, as in 'prunarium cite tome', or give a filter, such as --year 2023")
    papers: Sequence[Paper] = _named(chosen.catalogue, paper_ids) if paper_ids else chosen.some()
    for paper in papers:
        for words, other in (("is superseded by", paper.superseded_by), ("is a duplicate of", paper.duplicate_of)):
            if other:
                print(f"note: {paper.id} {words} {other}", file=sys.stderr)
    sys.stdout.write(made("bibtex", papers, chosen.catalogue))


def _named(catalogue: "Catalogue", paper_ids: list[str]) -> "list[Paper]":
    """The papers with these ids, or that once had them: each once, in the order given."""
    return list({paper.id: paper for paper in map(catalogue.paper, paper_ids)}.values())


@app.command(rich_help_panel=FIND)
@choosing_papers
def export(
    chosen: Chosen,
    format: Annotated[str, typer.Option("--format", "-f", help="bibtex, csv, json, markdown or ris.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write this file; without it, print.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file where it exists.")] = False,
    group_by: Annotated[
        str | None, typer.Option("--group-by", help="Sections of markdown: category (the default) or year.")
    ] = None,
    sort: SortKeys = None,
    reverse: Reverse = False,
) -> None:
    """Print all papers, or those that fit every filter, in a format of other programs, or write them to a file."""
    from prunarium.catalog.exporting import export as made

    settings: dict[str, object] = {}
    if group_by and format != "markdown":
        raise PrunariumError("--group-by makes the sections of markdown; leave it out, or give --format markdown")
    if format == "markdown":
        settings = {"group_by": group_by or "category", "keep_order": bool(sort or reverse)}
    if format == "json":
        settings = {"methods": chosen.methods}
    if output:
        check_output(output, force)
    papers = chosen.some().sort(*sort or (), reverse=reverse)
    text = made(format, papers, chosen.catalogue, **settings)
    if output:
        write_output(output, text.encode("utf-8"))
        print(f"{len(papers)} papers in {output}")
    else:
        sys.stdout.write(text)
