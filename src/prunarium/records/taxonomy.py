"""The closed vocabularies: ``catalog/taxonomy.yaml``."""

from pydantic import Field

from prunarium.records.base import Record, Slug, Text


class Term(Record):
    """One value of a vocabulary."""

    id: Slug
    name: Text
    definition: Text
    rule: Text = Field(description="how to decide whether a paper belongs here")
    examples: list[Slug] = Field(default_factory=list, max_length=2, description="ids of papers")


class Taxonomy(Record):
    """The whole file."""

    modalities: list[Term]
    categories: list[Term]
    kinds: list[Term]
    training: list[Term]
