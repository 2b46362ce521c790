"""``prunarium validate``, ``import`` and ``schemas``: what curators of the catalogue run."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prunarium import paths
from prunarium.cli.app import CURATE, app
from prunarium.cli.console import print_json
from prunarium.cli.options import Json

if TYPE_CHECKING:
    from prunarium.catalog.importers.importing import Import

Root = Annotated[
    Path | None,
    typer.Option("--root", help="The folder with catalog/ and methods/; without it, the clone or installed package."),
]


def _line(text: str) -> None:
    sys.stdout.write(f"{text}\n")


@app.command(rich_help_panel=CURATE)
def validate(
    against: Annotated[
        Path | None,
        typer.Option(help="Another copy, such as the last release: nothing that is filled there may be gone here."),
    ] = None,
    allow_drop: Annotated[
        list[str] | None,
        typer.Option(metavar="ID[:FIELD]", help="With --against: this may be gone; may be given several times."),
    ] = None,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Check every file of the catalogue and of the methods; exit code 1 where one has a fault."""
    from prunarium.catalog.drop_guard import dropped_since
    from prunarium.catalog.places import paper_files
    from prunarium.catalog.validate import validate as faults_of

    if allow_drop and against is None:
        raise typer.BadParameter("--allow-drop needs --against")
    root = root or paths.root()
    faults = faults_of(root)
    if against is not None:
        faults += [str(drop) for drop in dropped_since(root, against, allow_drop or ())]
    if as_json:
        print_json({"valid": not faults, "faults": faults})
    else:
        for fault in faults:
            _line(fault)
        count = len(paper_files(root))
        _line(f"{len(faults)} fault{'s'[: len(faults) != 1]}, {count} papers")
    if faults:
        raise typer.Exit(1)


@app.command(rich_help_panel=CURATE)
def schemas(root: Root = None) -> None:
    """Write the JSON Schemas that editors check the YAML files with."""
    from prunarium.catalog.places import shown_path
    from prunarium.catalog.schemas import write_schemas

    root = root or paths.root()
    written = write_schemas(root)
    for path in written:
        _line(f"wrote {shown_path(root, path)}")
    if not written:
        _line("all schemas are current")


@app.command(name="import", rich_help_panel=CURATE)
def import_(
    file: Annotated[Path, typer.Argument(help="The text of the list, in Markdown.")],
    list_id: Annotated[str, typer.Option("--list", help="Id of the list in catalog/lists.yaml.")],
    write: Annotated[bool, typer.Option("--write", help="Write what is new; without it, only say it.")] = False,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Compare a list of papers with the catalogue, and with --write add what it lacks."""
    from prunarium.catalog import load
    from prunarium.catalog.files import read_text
    from prunarium.catalog.importers import importing

    root = root or paths.root()
    catalogue = load(root)
    found = importing.import_list(catalogue, read_text(file), list_id)
    written = importing.write(found, catalogue, root) if write else []
    if as_json:
        print_json(_as_data(found, len(written)))
    else:
        _report(found, len(written), write)


def _as_data(found: "Import", written: int) -> dict[str, Any]:
    return {
        "list": found.list_id,
        "new": [{"id": paper_id, "line": line} for paper_id, line in found.new.items()],
        "joined": [
            {"id": joined.paper_id, "line": joined.line, "by": joined.by, "known": joined.known, "fills": joined.fills}
            for joined in found.joined
        ],
        "conflicts": found.conflicts,
        "unread": [{"line": part.line, "text": part.text, "reason": part.reason} for part in found.unread],
        "files_written": written,
    }


def _report(found: "Import", written: int, write: bool) -> None:
    for paper_id, line in found.new.items():
        _line(f"new       line {line}: {paper_id}")
    for joined in found.joined:
        state = "known" if joined.known else "joined"
        _line(f"{state:<9} line {joined.line}: {joined.paper_id} (by {joined.by})")
        for filled in joined.fills:
            _line(f"fills     line {joined.line}: {joined.paper_id}: {filled}")
    for conflict in found.conflicts:
        _line(f"conflict  {conflict}")
    for part in found.unread:
        _line(f"unread    line {part.line}: {part.reason}: {part.text}")
    known = len(found.joined) - found.added_mentions
    _line(
        f"{found.list_id}: {len(found.new)} new, {found.added_mentions} joined, {known} known, "
        f"{len(found.conflicts)} conflicts, {len(found.unread)} unread"
    )
    if write:
        _line(f"{written} files written")
    elif found.changed:
        _line(f"{len(found.changed)} files would change; --write writes them")
