"""The styles of every page in one file: seven would each be asked for, and compress worse by a third."""

from pathlib import Path

SHEETS = ("colours", "text", "tables", "charts", "catalogue", "accessible", "narrow")
"""In this order: what is narrow has the last word."""


def every_page(folder: Path) -> bytes:
    """The sheets of a folder, one behind the other."""
    return b"\n".join((folder / f"{name}.css").read_bytes() for name in SHEETS)
