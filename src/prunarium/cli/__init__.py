"""The command line. One module per group of commands; faults of the input are one line, without a traceback."""

import io
import sys

from prunarium.cli import (  # noqa: F401  (register)
    add,
    bench,
    cache,
    claims,
    compare,
    compress,
    curate,
    duplicates,
    export,
    links,
    methods,
    new,
    new_method,
    papers,
    plot,
    run,
    scores,
    site,
    stats,
    verify,
    visualize,
)
from prunarium.cli.app import app
from prunarium.errors import PrunariumError


def main() -> None:
    """Run the command line; exit code 1 on a fault of the input, 2 on wrong usage."""
    _print_in_utf_8()
    try:
        app()
    except PrunariumError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)


def _print_in_utf_8() -> None:
    """Titles and names are in any script, whatever the locale says of the terminal."""
    for stream, errors in ((sys.stdout, "strict"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=errors)
