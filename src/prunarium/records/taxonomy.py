"""The closed vocabularies: ``catalog/taxonomy.yaml``."""

from pydantic import Field

from prunarium.records.base import Record, Slug, Text


class Term(Record):
    """One value of a vocabulary."""

    id: Slug = Field(description="what papers name it by")
    name: Text = Field(description="what readers see")
    definition: Text = Field(description="what it means")
    rule: Text = Field(description="how to decide whether a paper belongs here")
    examples: list[Slug] = Field(default_factory=list, max_length=2, description="ids of papers")


class Taxonomy(Record):
    """The whole file."""

    modalities: list[Term] = Field(description="what the models read or see")
    categories: list[Term] = Field(description="how a paper makes a model cheaper")
    kinds: list[Term] = Field(description="what sort of work a paper is")
    training: list[Term] = Field(description="what a method needs of training")
