"""The lists that the catalogue was made from: ``catalog/lists.yaml``."""

from typing import Literal

from pydantic import Field

from prunarium.records.base import Date, Record, Slug, Text, Url


class PaperList(Record):
    """A curated list of papers that somebody else keeps."""

    id: Slug = Field(description="what mentions name it by")
    title: Text = Field(description="as the list calls itself")
    format: Literal["linked-bullets", "venue-bullets", "tables", "references"] = Field(
        description="which importer reads it"
    )
    url: Url | None = Field(None, description="where it is read")
    last_update: Text | None = Field(None, description="the date that the list states, as YYYY-MM-DD")
    screened: bool = Field(description="whether all of its lines have been imported")
    screened_on: Date | None = Field(None, description="when that was last done, as YYYY-MM-DD")


class PaperLists(Record):
    """The whole file."""

    lists: list[PaperList] = Field(description="all of them")
