"""Makes ``methods/<id>/token_maps.json``: what each method leaves of a few inputs as its budget falls.

python scripts/make_token_maps.py            # those that are missing, or of another version, model or benchmark
python scripts/make_token_maps.py tome --again
python scripts/make_token_maps.py --check    # writes nothing; exit code 1 where one is not current
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from prunarium import registry
from prunarium.bench.benchmarks import benchmarks
from prunarium.bench.pictures.budget_maps import current_key, pictures, token_maps
from prunarium.catalog.places import shown_path
from prunarium.catalog.writing import write_bytes, write_text
from prunarium.paths import root
from prunarium.records.token_maps import TokenMaps


def main(
    methods: Annotated[list[str] | None, typer.Argument(metavar="[METHOD]...", help="default: all")] = None,
    again: Annotated[bool, typer.Option("--again", help="make also those that are current")] = False,
    check: Annotated[bool, typer.Option("--check", help="write nothing, only compare")] = False,
) -> None:
    """Make token maps."""
    due = [name for name in methods or shown() if again or not _is_current(name)]
    if check:
        sys.exit(f"not current: {', '.join(due)}; run: python scripts/make_token_maps.py" if due else 0)
    for name, picture in pictures().items():
        write_bytes(root() / "site" / "assets" / "token-maps" / name, picture)
    with Console(stderr=True).status("starting") as status:
        for name in due:
            path = registry.folder_of(name) / registry.TOKEN_MAPS
            write_text(path, as_text(token_maps(name, status.update)))
            print(f"wrote {shown_path(root(), Path(path))}", flush=True)


def as_text(maps: TokenMaps) -> str:
    """Small, and yet a line for each input and step, so that a change can be read."""
    return maps.model_dump_json(indent=1, exclude_none=True) + "\n"


def shown() -> list[str]:
    """Methods that need nothing but their parameters, and whose tokens leave an image, not the cache alone."""
    pictured = {benchmark.family for benchmark in benchmarks().values() if benchmark.pictured}
    kinds = {name: registry.load_class(name) for name, card in registry.cards().items() if pictured & {*card.families}}
    return [name for name, kind in kinds.items() if not kind.asks and not getattr(kind(), "evicts", False)]


def _is_current(name: str) -> bool:
    found = registry.token_maps(name)
    return found is not None and found.key == current_key(name)


if __name__ == "__main__":
    typer.run(main)
