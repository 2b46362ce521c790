"""Papers as the rows of a table: what the CSV export and the DataFrame have in common."""

from collections.abc import Iterable
from typing import Any

from prunarium.catalog.catalogue import Catalogue
from prunarium.errors import PrunariumError
from prunarium.records import Paper

COLUMNS = (
    "id",
    "title",
    "name",
    "other_titles",
    "authors",
    "year",
    "venue",
    "venue_name",
    "venue_year",
    "status",
    "kind",
    "modalities",
    "categories",
    "training",
    "arxiv",
    "doi",
    "openreview",
    "acl",
    "url",
    "code",
    "lists",
    "withdrawn",
    "superseded_by",
    "duplicate_of",
    "aliases",
    "added",
)


def row(paper: Paper, catalogue: Catalogue) -> dict[str, Any]:
    """One value for each column: a text, a number, a truth value, a list of texts, or nothing."""
    venue = paper.venue
    values = {
        **paper.model_dump(include=set(COLUMNS)),
        **paper.identifiers.model_dump(),
        "venue": venue.id if venue else None,
        "venue_name": catalogue.venue_name(paper) or None,
        "venue_year": venue.year if venue else None,
        "status": venue.status if venue else None,
        "url": paper.url,
        "code": [link.url for link in paper.links.code],
        "lists": list(dict.fromkeys(mention.list for mention in paper.mentions)),
    }
    return {column: values[column] for column in COLUMNS}


def dataframe(papers: Iterable[Paper], catalogue: Catalogue) -> Any:
    """The rows as a pandas DataFrame.

    Raises:
        PrunariumError: pandas is not installed.
    """
    try:
        from pandas import DataFrame  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise PrunariumError(
            "to_dataframe needs pandas, which is not installed: pip install 'prunarium[dataframe]'"
        ) from error
    frame = DataFrame([row(paper, catalogue) for paper in papers], columns=list(COLUMNS))
    return frame.astype({"venue_year": "Int64"})  # whole numbers, also where a venue is missing
