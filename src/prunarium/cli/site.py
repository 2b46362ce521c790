"""``prunarium site build`` and ``prunarium site serve``: the catalogue and the registry as web pages."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from prunarium.cli.app import SITE, app
from prunarium.cli.console import print_json
from prunarium.cli.options import Json

site = typer.Typer(help="Build the web site, or look at it while you edit.", no_args_is_help=True)
app.add_typer(site, name="site", rich_help_panel=SITE)

Out = Annotated[Path, typer.Option(help="Folder of the built site; it is replaced as a whole.")]


@site.command()
def build(
    strict: Annotated[bool, typer.Option("--strict/--no-strict", help="Fail on any warning.")] = True,
    out: Out = Path("build/site"),
    as_json: Json = False,
) -> None:
    """Write every page and render the site; the old one stays until the new one is complete."""
    from rich.console import Console

    from prunarium import paths
    from prunarium.site import build_site

    started = time.monotonic()
    with Console(stderr=True).status("building the site"):
        counts = build_site(paths.root(), out, strict=strict)
    seconds = round(time.monotonic() - started, 1)
    if counts.without:
        sys.stderr.write(f"{counts.without}\n")
    numbers = {"papers": counts.papers, "methods": counts.methods, "pages": counts.pages}
    if as_json:
        print_json({**numbers, "seconds": seconds, "folder": str(out)})
        return
    what = ", ".join(f"{count} {name if count != 1 else name[:-1]}" for name, count in numbers.items())
    sys.stdout.write(f"{what} in {out} ({seconds} s)\nlook at it: python -m http.server --directory {out}\n")


@site.command()
def serve(port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 8000) -> None:
    """Show the site at http://127.0.0.1:PORT/ and build it again whenever a record, a method or a page changes."""
    from prunarium import paths
    from prunarium.site import serve_site

    serve_site(paths.root(), port)
