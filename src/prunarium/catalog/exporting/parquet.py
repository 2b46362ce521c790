"""Papers as Parquet: the columns of the CSV, with lists as lists. Only where pyarrow is installed."""

import io
from collections.abc import Iterable

from prunarium.catalog.catalogue import Catalogue
from prunarium.catalog.exporting.table import COLUMNS, row
from prunarium.errors import PrunariumError
from prunarium.records import Paper

_NUMBERS = ("year", "venue_year")
_TRUTHS = ("withdrawn",)
_LISTS = ("other_titles", "authors", "modalities", "categories", "code", "lists", "aliases")


def content(papers: Iterable[Paper], catalogue: Catalogue) -> bytes:
    """The file. A column has its type where it is empty, too.

    Raises:
        PrunariumError: pyarrow is not installed.
    """
    try:
        import pyarrow  # type: ignore[import-untyped]
        from pyarrow import parquet
    except ModuleNotFoundError as error:
        raise PrunariumError(
            f"parquet needs {error.name}, which is not installed: pip install 'prunarium[parquet]'"
        ) from error
    text = pyarrow.string()
    types = dict.fromkeys(COLUMNS, text)
    types |= dict.fromkeys(_NUMBERS, pyarrow.int32()) | dict.fromkeys(_TRUTHS, pyarrow.bool_())
    types |= dict.fromkeys(_LISTS, pyarrow.list_(text))
    rows = [row(paper, catalogue) for paper in papers]
    stream = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows, pyarrow.schema(types.items())), stream)
    return stream.getvalue()
