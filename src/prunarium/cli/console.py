"""The console that commands print tables on."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def console() -> "Console":
    """A console that never cuts: where nobody watches, a line is as long as what stands in it."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 400)
