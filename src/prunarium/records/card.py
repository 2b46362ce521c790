"""A method's card: ``methods/<id>/card.yaml``."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from prunarium.records.base import Record, Slug, Text, Url

Family = Literal["vit", "vlm", "encoder", "decoder", "prompt"]
"""Where methods act: in vision transformers, vision-language models, text encoders or decoder language models; or on a
prompt, before any model reads it."""
COMMIT_PATTERN = r"^[0-9a-f]{40}$"
Commit = Annotated[str, StringConstraints(pattern=COMMIT_PATTERN)]


class OfficialCode(Record):
    """The authors' repository, at the commit that parity was checked against."""

    repository: Url = Field(description="where it is read")
    commit: Commit = Field(description="all 40 digits")
    licence: Text = Field(description="SPDX name, or 'none' where the repository carries no licence")


class Card(Record):
    """What a method is, where it acts, and how faithful it is to its paper."""

    id: Slug = Field(description="the name of the folder")
    name: Text = Field(description="as the paper writes it")
    summary: Text = Field(description="one sentence, in our own words")
    paper: Slug | None = Field(None, description="id of the paper; empty for a baseline that no paper owns")
    families: list[Family] = Field(min_length=1, description="where it acts")
    version: int = Field(1, ge=1, description="goes up when the method's results change")
    training_free: bool = Field(description="it needs no training to do what the paper says")
    text_guided: bool = Field(
        False, description="vlm: which tokens it keeps depends on the text of the prompt, not on the image alone"
    )
    baseline: bool = Field(False, description="a yardstick such as random, rather than a paper's method")
    parity: Literal["official", "package", "none"] = Field(
        description="what tests compare it with: the authors' own code, a well-kept package, or nothing"
    )
    parity_reason: Text | None = Field(None, description="why there is none, or what was compared")
    official: OfficialCode | None = Field(None, description="the authors' repository; empty where there is none")
    unmeasured: dict[Slug, Text] = Field(
        default_factory=dict, description="embedded benchmarks on which the method is not measured, and why"
    )
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
