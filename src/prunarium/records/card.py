"""A method's card: ``methods/<id>/card.yaml``."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from prunarium.records.base import Record, Slug, Text, Url

Family = Literal["vit", "vlm"]
COMMIT_PATTERN = r"^[0-9a-f]{40}$"
Commit = Annotated[str, StringConstraints(pattern=COMMIT_PATTERN)]


class OfficialCode(Record):
    """The authors' repository, at the commit that parity was checked against."""

    repository: Url
    commit: Commit
    licence: Text = Field(description="SPDX name, or 'none' where the repository carries no licence")


class Card(Record):
    """What a method is, where it acts, and how faithful it is to its paper."""

    id: Slug
    name: Text
    summary: Text = Field(description="one sentence, in our own words")
    paper: Slug | None = Field(None, description="id of the paper; empty for a baseline that no paper owns")
    families: list[Family] = Field(min_length=1)
    version: int = Field(1, ge=1, description="goes up when the method's results change")
    training_free: bool
    baseline: bool = Field(False, description="a yardstick such as random, rather than a paper's method")
    parity: Literal["official", "package", "none"]
    parity_reason: Text | None = Field(None, description="why there is none, or what was compared")
    official: OfficialCode | None = None
    differences: list[Text] = Field(default_factory=list, description="known differences from the official code")

    @model_validator(mode="after")
    def _parity_is_backed(self) -> "Card":
        if self.parity == "official" and self.official is None:
            raise ValueError("parity is 'official' but 'official' (repository, commit, licence) is missing; add it")
        if self.parity == "none" and not self.parity_reason:
            raise ValueError("parity is 'none': say why in parity_reason")
        if self.paper is None and not self.baseline:
            raise ValueError("names no paper: set 'paper', or 'baseline: true' for a yardstick")
        return self
