"""What papers claim: ``methods/<id>/reported.yaml``. Numbers keep the source's own units and terms."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from prunarium.records.base import Date, Record, Slug, Text, Url
from prunarium.records.score import Precision, Scalar

Positive = Annotated[float, Field(gt=0)]


class PrintedTiming(Record):
    """A throughput or a latency, as printed."""

    unit: Text = Field(description="such as images/s, ms, or s to the first token")
    baseline: Positive | None = Field(None, description="of the untouched model")
    result: Positive = Field(description="with the method")
    batch: Annotated[int, Field(ge=1)] | None = Field(None, description="batch size; empty when the source gives none")


class Counterpart(Record):
    """What has to be measured here to compare with a row."""

    model: Text = Field(description="name under which the score is measured")
    parameters: dict[str, Any] = Field(description="of the method here, all of them")
    assumed: Text | None = Field(None, description="what the source leaves open, and why it is taken to be this")
    share_only: Text | None = Field(
        None, description="what the source counts otherwise, so that only the share of compute left can be compared"
    )


class ReportedScore(Record):
    """One row that somebody printed."""

    reported_by: Text = Field(description="the paper, its repository, or the competitor's paper")
    own_claim: bool = Field(description="whether the method's own authors state it")
    evidence: Literal["table", "headline", "ablation"] = Field("table", description="what kind of statement it is")
    source: Url = Field(description="the address where it was read")
    where: Text = Field(description="table, figure or section")
    read_on: Date = Field(description="date by which it had been read, as YYYY-MM-DD")
    model: Text = Field(description="in the source's terms")
    dataset: Text = Field(description="in the source's terms")
    split: Text | None = Field(None, description="of the dataset; empty when the source names none")
    setting: dict[str, Scalar | list[Scalar]] = Field(description="parameter: value, in the source's terms")
    trained: bool | None = Field(None, description="fine-tuned with the method; empty when the source does not say")
    baseline: dict[str, float] = Field(default_factory=dict, description="metric: value of the untouched model")
    result: dict[str, float] = Field(default_factory=dict, description="metric: value")
    compute_baseline: Positive | None = Field(None, description="of the untouched model, in compute_unit")
    compute: Positive | None = Field(None, description="of one forward pass, in compute_unit")
    compute_unit: Literal["GMACs", "GFLOPs", "TFLOPs"] | None = Field(None, description="as the source writes it")
    flops_per_mac: Literal[1, 2] = Field(1, description="what the source's 'FLOPs' make of one multiply-accumulate")
    compute_share: Positive | None = Field(
        None, description="compute left, of the untouched model's, where only that is printed"
    )
    speed_up: Positive | None = Field(None, description="as printed, or of the two printed throughputs or latencies")
    timing: PrintedTiming | None = Field(None, description="a throughput or a latency")
    device: Text | None = Field(None, description="where it was timed; empty when the source names none")
    precision: Precision | None = Field(None, description="of weights and inputs; empty when the source names none")
    counterpart: Counterpart | None = Field(None, description="what to compare it with; empty when nothing here can be")
    no_counterpart: Text | None = Field(None, description="why there is none, where a compute is printed")
    cell: Text | None = Field(
        None,
        description="the setting in words that all sources share, where they word one setting differently: rows of one "
        "method, model and training with the same words are of one cell, and their numbers are compared",
    )
    notes: Text | None = Field(None, description="what else to know of the row")

    @model_validator(mode="after")
    def _compute_has_unit_and_counterpart(self) -> Self:
        if (self.compute is None) != (self.compute_unit is None):
            raise ValueError("compute and compute_unit belong together; give both or none")
        if self.compute_baseline is not None and self.compute is None:
            raise ValueError("compute_baseline stands without compute; give the method's as well")
        if self.counterpart and self.no_counterpart:
            raise ValueError("counterpart and no_counterpart exclude each other; remove one")
        if (self.compute or self.compute_share) and not (self.counterpart or self.no_counterpart):
            raise ValueError("prints a compute: name its counterpart, or say in no_counterpart why there is none")
        return self


class ReportedScores(Record):
    """The whole file."""

    scores: list[ReportedScore] = Field(description="row by row")


class ReportedElsewhere(Record):
    """What is printed of a method that has no folder here."""

    method: Text = Field(description="its name")
    paper: Slug | None = Field(None, description="id of the paper that it is from; empty: not in the catalogue")
    scores: list[ReportedScore] = Field(min_length=1, description="row by row")


class ReportedOutside(Record):
    """The whole file ``catalog/reported.yaml``: what is printed of methods without a folder, and names of models."""

    same_models: list[Annotated[list[Text], Field(min_length=2)]] = Field(
        default_factory=list, description="names that sources use for one model; the first is shown"
    )
    methods: list[ReportedElsewhere] = Field(description="all of them")
