"""The venues: ``catalog/venues.yaml``."""

from typing import Literal

from pydantic import Field

from prunarium.records.base import Record, Slug, Text, Url


class Venue(Record):
    """A conference, journal, workshop or preprint server; for theses a university, for articles a website."""

    id: Slug
    name: Text = Field(description="the short name that people write, such as ICLR")
    full_name: Text
    kind: Literal["conference", "journal", "workshop", "preprint-server", "university", "website"]
    aliases: list[Text] = Field(default_factory=list)
    url: Url | None = None


class Venues(Record):
    """The whole file."""

    venues: list[Venue]
