"""What the commands that make a new record share: their options, and how a draft is shown, refused and written."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prunarium.cli.console import console, print_json

if TYPE_CHECKING:
    from prunarium.catalog import Catalogue
    from prunarium.records import Paper

_SEVERAL = "; may be given several times, the main one first."
Kind = Annotated[str | None, typer.Option(help="A kind of taxonomy.yaml; without it, 'method'.")]
Modalities = Annotated[list[str] | None, typer.Option("--modality", help=f"A modality of taxonomy.yaml{_SEVERAL}")]
Categories = Annotated[list[str] | None, typer.Option("--category", help=f"A category of taxonomy.yaml{_SEVERAL}")]
Training = Annotated[str | None, typer.Option(help="A training value of taxonomy.yaml; without it, 'unknown'.")]
Force = Annotated[bool, typer.Option("--force", help="Write it although a record with such a title is there.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show the draft, and write nothing.")]


def finish(
    paper: "Paper", catalogue: "Catalogue", root: Path, *, force: bool, dry_run: bool, as_json: bool, comments: str = ""
) -> None:
    """Show a draft and the records that may be the same paper, and write it unless there is one.

    Raises:
        PrunariumError: it is, or may be, a paper of the catalogue.
    """
    from dataclasses import asdict

    from prunarium.catalog.adding.drafting import refuse_alike, refuse_known
    from prunarium.catalog.duplicates import suspected
    from prunarium.catalog.places import paper_path, schema_from, shown_path
    from prunarium.catalog.writing import plain, to_yaml, write_new_paper
    from prunarium.cli.duplicates import suspicion_table

    path = paper_path(root, paper.id)
    file = shown_path(root, path)
    suspicions = suspected([*catalogue, paper], only=paper.id)
    refused = any(one.certain for one in suspicions) or (bool(suspicions) and not force)
    if written := not refused and not dry_run:
        write_new_paper(root, paper, comments)
    if as_json:
        data = {
            "record": plain(paper),
            "suspected": [asdict(one) for one in suspicions],
            "file": file,
            "written": written,
        }
        print_json(data)
    else:
        sys.stdout.write(to_yaml(paper, schema_from(root, path, "paper")))
        if suspicions:
            console().print(suspicion_table(suspicions))
    refuse_known(catalogue, root, paper.identifiers)
    if refused:
        refuse_alike(suspicions, paper, root)
    if not as_json:
        following = "; fill in what it lacks, then run 'prunarium validate'"
        sys.stdout.write(f"wrote {file}{following}\n" if written else f"would write {file}\n")
