"""Papers as CSV: one row each, several values of one column joined by "; "."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from prunarium.catalog.catalogue import Catalogue
from prunarium.catalog.exporting.table import COLUMNS, row
from prunarium.records import Paper

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")


def text(papers: Iterable[Paper], catalogue: Catalogue) -> str:
    """The table with its header. A text that a spreadsheet would compute stands behind an apostrophe."""
    stream = io.StringIO()
    table = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    table.writeheader()
    for paper in papers:
        table.writerow({column: cell(value) for column, value in row(paper, catalogue).items()})
    return stream.getvalue()


def cell(value: Any) -> str:
    """A value as spreadsheets show it: they compute nothing of it, and several stand behind each other."""
    if isinstance(value, list):
        return "; ".join(map(cell, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else str(value)
