"""The venues: ``catalog/venues.yaml``."""

from typing import Literal

from pydantic import Field

from prunarium.records.base import Record, Slug, Text, Url


class Venue(Record):
    """A conference, journal, workshop or preprint server; for theses a university, for articles a website."""

    id: Slug = Field(description="what papers name it by")
    name: Text = Field(description="the short name that people write, such as ICLR")
    full_name: Text = Field(description="the name in full, as it calls itself")
    kind: Literal["conference", "journal", "workshop", "preprint-server", "university", "website"] = Field(
        description="what it is"
    )
    aliases: list[Text] = Field(default_factory=list, description="how lists and sources write it otherwise")
    url: Url | None = Field(None, description="its own page")


class Venues(Record):
    """The whole file."""

    venues: list[Venue] = Field(description="all of them")
