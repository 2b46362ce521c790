"""Check that the docs tree builds with other renderers that read mkdocs.yml, and gives the same pages as MkDocs.

python scripts/check_renderers.py build/properdocs/bin/properdocs build/zensical/bin/zensical

Each renderer stands in an environment of its own: the three want other versions of the same packages.
"""

import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import typer
import yaml

from prunarium import PrunariumError, paths
from prunarium.site import write_docs
from prunarium.site.engine import render

_SHOWN = 10


def main(
    renderers: Annotated[list[Path], typer.Argument(help="the programs, each called as 'PROGRAM build --strict'")],
) -> None:
    """Render with MkDocs and with each program, and compare the sets of pages."""
    try:
        faults = check(paths.root(), renderers)
    except PrunariumError as error:
        faults = [str(error)]
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(1)


def check(root: Path, renderers: list[Path]) -> list[str]:
    """What is wrong with each renderer, in a line each; none where all give the pages that MkDocs gives.

    Raises:
        PrunariumError: the docs tree cannot be written, or MkDocs fails.
    """
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write_docs(root, place / "docs")
        render(root / "mkdocs.yml", place / "docs", place / "mkdocs", strict=True)
        expected = pages(place / "mkdocs")
        for renderer in renderers:
            made, fault = rendered(renderer, root, place)
            fault = fault or difference(expected, made)
            faults += [f"{renderer.name}: {fault}"] if fault else []
            typer.echo(f"{renderer.name}: {len(made)} pages, {len(expected)} with MkDocs")
    return faults


def rendered(renderer: Path, root: Path, place: Path) -> tuple[set[str], str]:
    """The pages that a renderer makes of ``place / "docs"``, and why it failed, if it did."""
    # The hook writes the tree, which is there; not every renderer runs hooks, and Zensical takes no absolute folders.
    config = {
        "INHERIT": str(root / "mkdocs.yml"),
        "docs_dir": "docs",
        "site_dir": renderer.name,
        "hooks": [],
        "watch": [],
        "theme": {"custom_dir": str(root / "site" / "overrides")},
    }
    file = place / f"{renderer.name}.yml"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [str(renderer.absolute()), "build", "--strict", "--config-file", file.name]
    try:
        run = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    except OSError as error:
        return set(), f"cannot be run: {error.strerror}"
    if run.returncode:
        said = (run.stderr or run.stdout).strip().splitlines() or ["it says nothing"]
        return set(), f"fails with exit code {run.returncode}: {said[-1]}"
    return pages(place / renderer.name), ""


def pages(site: Path) -> set[str]:
    """The pages of a rendered site, by path."""
    return {file.relative_to(site).as_posix() for file in site.rglob("*.html")}


def difference(expected: set[str], made: set[str]) -> str:
    """Which pages are missing and which are there besides; empty where there are neither."""
    sides = {"missing": expected - made, "besides": made - expected}
    return "; ".join(f"{len(found)} {side}: {_some(found)}" for side, found in sides.items() if found)


def _some(found: set[str]) -> str:
    more = len(found) - _SHOWN
    return ", ".join(sorted(found)[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


if __name__ == "__main__":
    typer.run(main)
