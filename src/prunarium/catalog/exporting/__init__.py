"""Papers as text for other programs: one module for each format."""

from collections.abc import Iterable
from importlib import import_module

from prunarium.catalog.catalogue import Catalogue
from prunarium.errors import PrunariumError, did_you_mean
from prunarium.records import Paper

FORMATS = {
    "bibtex": "bibtex",
    "csv": "csv_table",
    "json": "json_records",
    "markdown": "markdown_list",
    "ris": "ris",
}
"""The module of each format. Each holds ``text(papers, catalogue)``, and is read when it is asked for."""


def export(format: str, papers: Iterable[Paper], catalogue: Catalogue, **settings: object) -> str:
    """The papers in one of the formats; ``settings`` are those that the format's ``text`` has.

    Raises:
        PrunariumError: there is no such format.
    """
    if format not in FORMATS:
        guess = did_you_mean(format, FORMATS)
        raise PrunariumError(f"there is no format '{format}'{guess}; choose from {', '.join(FORMATS)}")
    made: str = import_module(f"{__name__}.{FORMATS[format]}").text(papers, catalogue, **settings)
    return made
