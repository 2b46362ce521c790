"""The command line. One module per group of commands; faults of the input are one line, without a traceback."""

import sys

from prunarium.cli import add, curate, duplicates, export, links, methods, new, papers, run, site, stats  # noqa: F401  (register)
from prunarium.cli.app import app
from prunarium.errors import PrunariumError


def main() -> None:
    """Run the command line; exit code 1 on a fault of the input, 2 on wrong usage."""
    try:
        app()
    except PrunariumError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
