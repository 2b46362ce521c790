"""What an API says of a paper, in our own terms."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Found:
    """A paper as one API record describes it. Nothing here is guessed."""

    source: str
    """The API, and the address of its record."""
    title: str
    year: int
    authors: list[str] = field(default_factory=list)
    identifiers: dict[str, str] = field(default_factory=dict)
    venues: list[str] = field(default_factory=list)
    """Names of the place where it appeared; the first one that the catalogue knows counts."""
    claims: list[str] = field(default_factory=list)
    """What the record says that needs a look before it can be believed."""
    kind: Literal["thesis"] | None = None
