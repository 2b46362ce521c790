"""Scores: what papers claim (``methods/<id>/reported.yaml``), and what we measured (``measured/*.json`` there)."""

from typing import Annotated, Literal

from pydantic import Field

from prunarium.records.base import Record, Slug, Text, Url
from prunarium.records.card import Family

Scalar = str | int | float | bool | None
Positive = Annotated[float, Field(gt=0)]


class ReportedScore(Record):
    """One row that somebody printed. Numbers keep the source's own units and terms."""

    reported_by: Text = Field(description="the paper, its repository, or the competitor's paper")
    own_claim: bool = Field(description="whether the method's own authors state it")
    source: Url
    where: Text = Field(description="table, figure or section")
    model: Text
    dataset: Text
    setting: dict[str, Scalar | list[Scalar]]
    trained: bool | None = Field(None, description="fine-tuned with the method; empty when the source does not say")
    baseline: dict[str, float] = Field(default_factory=dict, description="metric: value of the untouched model")
    result: dict[str, float] = Field(default_factory=dict, description="metric: value")
    gmacs_baseline: Positive | None = None
    gmacs: Positive | None = None
    speed_up: Positive | None = Field(None, description="throughput ratio, as printed or of two printed throughputs")
    device: Text | None = None
    notes: Text | None = None


class ReportedScores(Record):
    """The whole file."""

    scores: list[ReportedScore]


class Interval(Record):
    """A median with its spread over the repeats of one run."""

    median: Positive
    low: Positive = Field(description="25th percentile")
    high: Positive = Field(description="75th percentile")


class Environment(Record):
    """Where a score was measured."""

    device: Text
    threads: int = Field(ge=1)
    precision: Literal["float32", "bfloat16", "float16"]
    python: Text
    versions: dict[str, Text]
    commit: Text | None = Field(None, description="of Prunarium; with '+' when files had changed since")


class Quality(Record):
    """Share of right answers, on the same samples with and without the method."""

    metric: Literal["accuracy"]
    samples: int = Field(ge=1)
    baseline: float = Field(ge=0, le=1)
    method: float = Field(ge=0, le=1)
    difference_low: float = Field(description="paired 95 % interval of method - baseline, lower end")
    difference_high: float


class Cost(Record):
    """What a forward pass costs, with and without the method."""

    macs_baseline: int = Field(ge=1, description="multiply-accumulates of one sample")
    macs: int = Field(ge=1)
    tokens_baseline: list[int] = Field(description="tokens leaving each block (vlm: image tokens in each layer)")
    tokens: list[float] = Field(description="the same with the method, mean over samples")
    budget: float = Field(gt=0, le=1, description="mean tokens per block, of the untouched model's")


class Speed(Record):
    """Interleaved timing of one batch size."""

    batch_size: int = Field(ge=1)
    baseline_ms: Interval
    method_ms: Interval
    ratio: Interval = Field(description="untouched time over method time of neighbouring runs; above 1 is faster")


class MeasuredScore(Record):
    """One run of one method at one setting against the untouched model with SDPA, in one process."""

    schema_version: Literal[1] = 1
    method: Slug
    method_version: int = Field(ge=1)
    setting: Text = Field(description="the method's repr: its parameters, all of them")
    family: Family
    benchmark: Slug | None = Field(None, description="empty: cost only, quality was not measured")
    benchmark_revision: int | None = None
    data_checksum: Text | None = None
    model: Text
    weights: Text = Field(description="sha256 of the weights, or how random ones were made")
    seed: int
    quality: Quality | None = None
    cost: Cost
    speed: list[Speed]
    environment: Environment
    command: Text = Field(description="measures it again")
    measured_on: Text = Field(description="date, as YYYY-MM-DD")
