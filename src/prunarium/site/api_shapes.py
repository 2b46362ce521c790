"""What each file below ``api/`` holds, as models that the published JSON Schemas are made from."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from prunarium.records import (
    Card,
    MeasuredScore,
    Paper,
    PaperList,
    ReportedScore,
    Term,
    Venue,
)
from prunarium.records.base import Slug, Url
from prunarium.registry.claims import Claim

_PAGE = Field(description="of this record, from the root of the site")
_PAPERS = Field(ge=0, description="how many papers have it")


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    schema_version: Literal[1] = Field(description="goes up when a field changes its meaning or goes away")


class _Counted(_File):
    count: int = Field(ge=0, description="how many records follow")


class PaperHere(Paper):
    """A paper with what the site adds to its record."""

    # Not "url": a paper has that as a property.
    address: Url | None = Field(serialization_alias="url", description="the best page to read it, where one is known")
    page: str = _PAGE
    methods: list[Slug] = Field(description="the methods that run it")


class PapersFile(_Counted):
    """Every paper of the catalogue, in order of the ids."""

    papers: list[PaperHere]


class MethodHere(Card):
    """A method's card with its command and its scores."""

    page: str = _PAGE
    command: str = Field(description="runs it against the untouched model")
    reported: list[ReportedScore]
    claims: list[Claim] = Field(description="the numbers of the reported rows, held against what was measured")
    measured: list[MeasuredScore]


class MethodsFile(_Counted):
    """Every method of the registry, in order of the ids."""

    methods: list[MethodHere]


class ScoresFile(_Counted):
    """What was measured here with the present version of each method."""

    scores: list[MeasuredScore]


class ReportedHere(ReportedScore):
    """A row that somebody printed, with its method and what became of its numbers here."""

    method: Slug
    claims: list[Claim]


class ReportedFile(_Counted):
    """What others report of the methods of the registry."""

    reported: list[ReportedHere]


class TermHere(Term):
    """A value of a vocabulary."""

    page: str = _PAGE
    papers: int = _PAPERS


class VenueHere(Venue):
    """A venue."""

    page: str = _PAGE
    papers: int = _PAPERS


class ListHere(PaperList):
    """A list of papers that the catalogue was made from."""

    page: str = _PAGE
    papers: int = _PAPERS


class TaxonomyFile(_File):
    """The closed vocabularies, the venues and the lists."""

    modalities: list[TermHere]
    categories: list[TermHere]
    kinds: list[TermHere]
    training: list[TermHere]
    venues: list[VenueHere]
    lists: list[ListHere]


class FileHere(BaseModel):
    """A file that can be fetched."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(description="from the root of the site")
    url: Url
    holds: str
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    described_by: str | None = Field(description="path of the file's JSON Schema; empty where it has none")


class IndexFile(_Counted):
    """Every file for programs, but for itself and the checksums."""

    files: list[FileHere]
    left_out: dict[str, str] = Field(description="path: why the file is not there")


SHAPES: dict[str, type[BaseModel]] = {
    "index": IndexFile,
    "papers": PapersFile,
    "methods": MethodsFile,
    "scores": ScoresFile,
    "reported": ReportedFile,
    "taxonomy": TaxonomyFile,
}
"""By the name of the file below ``api/``."""
