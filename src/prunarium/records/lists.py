"""The lists that the catalogue was made from: ``catalog/lists.yaml``."""

from typing import Literal

from pydantic import Field

from prunarium.records.base import Record, Slug, Text, Url


class PaperList(Record):
    """A curated list of papers that somebody else keeps."""

    id: Slug
    title: Text
    format: Literal["linked-bullets", "venue-bullets", "tables", "references"] = Field(
        description="which importer reads it"
    )
    url: Url | None = None
    last_update: Text | None = Field(None, description="the date that the list states, as YYYY-MM-DD")
    screened: bool = Field(description="whether all of its lines have been imported")


class PaperLists(Record):
    """The whole file."""

    lists: list[PaperList]
