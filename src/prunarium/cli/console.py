"""How commands print: the console for tables, and JSON for scripts."""

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def console(stderr: bool = False) -> "Console":
    """A console that never cuts: where nobody watches, a line is as long as what stands in it."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(highlight=False, stderr=stderr, width=None if stream.isatty() else 400)


def print_json(data: object) -> None:
    """Print data as JSON, readable and in UTF-8."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
