"""``prunarium new method``: the folder of a method that runs at once, to be made one's own."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from prunarium import paths
from prunarium.cli.curate import Root
from prunarium.cli.new import new
from prunarium.cli.options import Json


@new.command()
def method(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The method's id: lower-case words joined by hyphens.")],
    family: Annotated[str, typer.Option(help="Where it acts: vit, vlm or prompt.")] = "vit",
    paper: Annotated[str | None, typer.Option(help="Id of its paper; without it, the method is a baseline.")] = None,
    into: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write DIR/NAME; without it, into methods/ of the clone, or here."),
    ] = None,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Begin a method: a folder with a card, a class that already reduces tokens, and a test that runs it.

    A folder that is there is refused. What is written runs at once: prunarium run NAME --budget 0.5.
    """
    from prunarium.cli.console import print_json
    from prunarium.registry.skeleton import write_method

    if into is None and root is None and not paths.in_clone():
        into = Path()
    written = write_method(name, family, root or paths.root(), paper=paper, into=into)
    if as_json:
        print_json({"id": name, "folder": str(written.folder), "files": [str(path) for path in written.files]})
        return
    for path in written.files:
        sys.stdout.write(f"wrote {path}\n")
    run = f"prunarium run {written.handle} --budget 0.5"
    if family == "prompt":
        run = f"prunarium.load('{written.handle}').compress(text, tokenizer=...)"
    sys.stdout.write(f"run it: {run}\ntest it: python -m pytest {written.test}\n")
