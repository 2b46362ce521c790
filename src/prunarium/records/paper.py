"""A paper of the catalogue: ``catalog/papers/<id>.yaml``."""

from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field, model_validator

from prunarium.records.base import ArxivId, Doi, Identifier, Record, Slug, Text, Url

Status = Literal["published", "accepted", "submitted", "preprint"]
PaperYear = Annotated[int, Field(ge=1990, le=2100)]
Urls = list[Url]


class VenueReference(Record):
    """Where a paper appeared."""

    id: Slug = Field(description="a venue of venues.yaml")
    year: PaperYear
    status: Status
    track: Text | None = Field(None, description="workshop, findings, short... where the main track is not meant")


class Identifiers(Record):
    """The paper's ids elsewhere. All of them are strings."""

    arxiv: ArxivId | None = None
    doi: Doi | None = None
    openreview: Identifier | None = None
    acl: Identifier | None = Field(None, description="ACL Anthology id")

    @property
    def addresses(self) -> dict[str, str]:
        """The page of each identifier that is known, the best one to read the paper first."""
        pages = {
            "arxiv": f"https://arxiv.org/abs/{self.arxiv}",
            "openreview": f"https://openreview.net/forum?id={quote(self.openreview or '')}",
            "acl": f"https://aclanthology.org/{quote(self.acl or '')}/",
            "doi": f"https://doi.org/{self.doi}",
        }
        return {name: page for name, page in pages.items() if getattr(self, name)}


class CodeLink(Record):
    """A repository."""

    url: Url
    official: bool | None = Field(None, description="by the paper's authors; empty when nobody says")


class Links(Record):
    """Addresses that the identifiers do not already give."""

    paper: Urls = Field(default_factory=list, description="landing pages")
    pdf: Urls = Field(default_factory=list)
    project: Urls = Field(default_factory=list)
    code: list[CodeLink] = Field(default_factory=list)
    other: Urls = Field(default_factory=list)


class Mention(Record):
    """One line of one list that names the paper, with what the list says of it."""

    list: Slug = Field(description="a list of lists.yaml")
    section: Text | None = None
    line: int = Field(ge=1)
    title: Text = Field(description="the title as listed")
    authors: Text | None = Field(None, description="what the list gives in the authors' place, as listed")
    venue: Text | None = Field(None, description="the venue as listed")
    year: PaperYear | None = Field(None, description="the year as listed")
    links: Urls = Field(default_factory=lambda: [], description="the addresses on that line, as listed")


class Paper(Record):
    """Everything known of one paper, each mention of it kept."""

    id: Slug
    title: Text
    name: Text | None = Field(None, description="the method's acronym, as the paper writes it")
    other_titles: list[Text] = Field(default_factory=list, description="titles of other versions, such as the preprint")
    aliases: list[Slug] = Field(default_factory=list, description="former ids; they keep finding this record")
    authors: list[Text] = Field(default_factory=list)
    year: PaperYear
    venue: VenueReference | None = Field(None, description="empty: nobody states one")
    kind: Slug = Field(description="a kind of taxonomy.yaml")
    modalities: list[Slug] = Field(default_factory=list)
    categories: list[Slug] = Field(default_factory=list)
    training: Slug = Field("unknown", description="a training value of taxonomy.yaml")
    identifiers: Identifiers = Field(default_factory=Identifiers)
    links: Links = Field(default_factory=Links)
    mentions: list[Mention] = Field(default_factory=list)
    sources: dict[Text, Text] = Field(default_factory=dict, description="field: where its value was read")
    notes: list[Text] = Field(default_factory=list, description="corrections and contradictions, in our own words")
    superseded_by: Slug | None = None
    duplicate_of: Slug | None = None
    withdrawn: bool = False

    @model_validator(mode="after")
    def _not_its_own_successor(self) -> "Paper":
        for field in ("superseded_by", "duplicate_of"):
            if getattr(self, field) == self.id:
                raise ValueError(f"{field} names the record itself; name the other record")
        return self

    @property
    def url(self) -> str | None:
        """The best page to read the paper, made from its identifiers where there are any."""
        return next(iter([*self.identifiers.addresses.values(), *self.links.paper, *self.links.pdf]), None)
