"""A paper of the catalogue: ``catalog/papers/<id>.yaml``."""

from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field, model_validator

from prunarium.records.base import ArxivId, Date, Doi, Identifier, Record, Slug, Text, Url

Status = Literal["published", "accepted", "submitted", "preprint"]
PaperYear = Annotated[int, Field(ge=1990, le=2100)]
Urls = list[Url]


class VenueReference(Record):
    """Where a paper appeared."""

    id: Slug = Field(description="a venue of venues.yaml")
    year: PaperYear = Field(description="of the venue, which may be later than the paper's")
    status: Status = Field(description="how far the paper has come there")
    track: Text | None = Field(None, description="workshop, findings, short... where the main track is not meant")


class Identifiers(Record):
    """The paper's ids elsewhere. All of them are strings."""

    arxiv: ArxivId | None = Field(None, description="arXiv id without its version, in quotes")
    doi: Doi | None = Field(None, description="DOI without its resolver's address, in quotes")
    openreview: Identifier | None = Field(None, description="id of the paper's forum at OpenReview, in quotes")
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

    url: Url = Field(description="of the repository")
    official: bool | None = Field(None, description="by the paper's authors; empty when nobody says")


class Links(Record):
    """Addresses that the identifiers do not already give."""

    paper: Urls = Field(default_factory=list, description="landing pages")
    pdf: Urls = Field(default_factory=list, description="the paper itself, as a file")
    project: Urls = Field(default_factory=list, description="project pages")
    code: list[CodeLink] = Field(default_factory=list, description="repositories")
    other: Urls = Field(default_factory=list, description="all else: slides, videos, posters, blog posts")


class Mention(Record):
    """One line of one list that names the paper, with what the list says of it."""

    list: Slug = Field(description="a list of lists.yaml")
    section: Text | None = Field(None, description="the heading above it")
    line: int = Field(ge=1, description="where it stands in the list, from 1")
    title: Text = Field(description="the title as listed")
    authors: Text | None = Field(None, description="what the list gives in the authors' place, as listed")
    venue: Text | None = Field(None, description="the venue as listed")
    year: PaperYear | None = Field(None, description="the year as listed")
    links: Urls = Field(default_factory=lambda: [], description="the addresses on that line, as listed")


class Paper(Record):
    """Everything known of one paper, each mention of it kept."""

    id: Slug = Field(description="the name of the file")
    title: Text = Field(description="as the paper has it")
    name: Text | None = Field(None, description="the method's acronym, as the paper writes it")
    other_titles: list[Text] = Field(default_factory=list, description="titles of other versions, such as the preprint")
    aliases: list[Slug] = Field(default_factory=list, description="former ids; they keep finding this record")
    authors: list[Text] = Field(default_factory=list, description="in the paper's order, given name first")
    year: PaperYear = Field(description="of publication, or of the preprint where there is no more")
    venue: VenueReference | None = Field(None, description="empty: nobody states one")
    kind: Slug = Field(description="a kind of taxonomy.yaml")
    modalities: list[Slug] = Field(default_factory=list, description="modalities of taxonomy.yaml, the main one first")
    categories: list[Slug] = Field(default_factory=list, description="categories of taxonomy.yaml, the main one first")
    training: Slug = Field("unknown", description="a training value of taxonomy.yaml")
    identifiers: Identifiers = Field(default_factory=Identifiers, description="the paper's ids elsewhere")
    links: Links = Field(default_factory=Links, description="addresses that the identifiers do not already give")
    mentions: list[Mention] = Field(default_factory=list, description="every line of every list that names it")
    sources: dict[Text, Text] = Field(default_factory=dict, description="field: where its value was read")
    notes: list[Text] = Field(default_factory=list, description="corrections and contradictions, in our own words")
    superseded_by: Slug | None = Field(None, description="id of the paper that takes its place")
    duplicate_of: Slug | None = Field(None, description="id of the record that is the same paper")
    withdrawn: bool = Field(False, description="its authors have taken it back")
    added: Date | None = Field(None, description="when the record came into the catalogue, as YYYY-MM-DD")

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
