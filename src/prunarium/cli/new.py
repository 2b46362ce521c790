"""``prunarium new``: begins a file by hand."""

from typing import Annotated

import typer

from prunarium import paths
from prunarium.cli.app import CURATE, app
from prunarium.cli.curate import Root
from prunarium.cli.drafts import Categories, DryRun, Force, Kind, Modalities, Training, finish
from prunarium.cli.options import Json

new = typer.Typer(help="Begin a new file by hand.", no_args_is_help=True)
app.add_typer(new, name="new", rich_help_panel=CURATE)


@new.callback()
def begin() -> None:
    """Begin a new file by hand."""


@new.command()
def paper(
    title: Annotated[str, typer.Option(help="The paper's title.")],
    year: Annotated[int | None, typer.Option(help="Without it, the arXiv id's, or the present one.")] = None,
    author: Annotated[list[str] | None, typer.Option(help="An author; may be given several times.")] = None,
    arxiv: Annotated[str | None, typer.Option(help="The arXiv id.")] = None,
    doi: Annotated[str | None, typer.Option(help="The DOI.")] = None,
    paper_id: Annotated[str | None, typer.Option("--id", help="The record's id; without it, made of the rest.")] = None,
    kind: Kind = None,
    modality: Modalities = None,
    category: Categories = None,
    training: Training = None,
    force: Force = False,
    dry_run: DryRun = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Begin a record of catalog/papers/ by hand. What is still empty stands in it as comments.

    A paper that the catalogue has is refused; one that it may have is refused unless --force is given.
    """
    from prunarium.catalog import load
    from prunarium.catalog.adding.by_hand import skeleton, what_is_missing
    from prunarium.catalog.adding.drafting import Classification
    from prunarium.catalog.adding.reference import read_references

    root = root or paths.root()
    catalogue = load(root)
    identifiers = read_references(arxiv=arxiv, doi=doi)
    classes = Classification.chosen(catalogue, kind, modality, category, training)
    record = skeleton(
        title, catalogue, classes, paper_id=paper_id, year=year, authors=author or (), identifiers=identifiers
    )
    comments = what_is_missing(
        record, catalogue.taxonomy, year_given=year is not None or "arxiv" in identifiers, kind_given=kind is not None
    )
    finish(record, catalogue, root, force=force, dry_run=dry_run, as_json=as_json, comments=comments)
