"""Papers that look alike and are not the same: ``catalog/distinct.yaml``."""

from pydantic import Field, model_validator

from prunarium.records.base import Record, Slug, Text


class DistinctPair(Record):
    """Two papers that are easily taken for one."""

    papers: list[Slug] = Field(min_length=2, max_length=2, description="ids of the two papers")
    reason: Text = Field(description="how one can tell that they are two")

    @model_validator(mode="after")
    def _two_papers(self) -> "DistinctPair":
        if self.papers[0] == self.papers[1]:
            raise ValueError(f"papers names '{self.papers[0]}' twice; name two papers")
        return self


class DistinctPapers(Record):
    """The whole file."""

    pairs: list[DistinctPair] = Field(description="all of them")
