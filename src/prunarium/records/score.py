"""What was measured here: ``methods/<id>/measured/*.json``."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from prunarium.records.base import Record, Slug, Text
from prunarium.records.card import Family

Scalar = str | int | float | bool | None
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Bytes = Annotated[int, Field(ge=0)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
DeviceKind = Literal["cpu", "cuda", "meta"]
Precision = Literal["float32", "bfloat16", "float16"]
Metric = Literal["accuracy", "top-1", "top-5", "exact match", "vqa accuracy", "f1", "next word"]
Stage = Literal["tower", "projector", "prefill"]
BUDGET_TOLERANCE = 0.01
"""Budgets that differ by no more are equal: one point of the untouched model's tokens, at every budget.

Not a share of the budget: at 0.25 a method that drops whole tokens in few blocks often comes no nearer than 0.004."""


class Interval(Record):
    """A median with its spread over the repeats of one run, and how sure the median is."""

    median: NotNegative = Field(description="of the repeats, in the unit of the field that holds it")
    low: NotNegative = Field(description="25th percentile of the repeats")
    high: NotNegative = Field(description="75th percentile of the repeats")
    ci_low: NotNegative = Field(description="95 % bootstrap interval of the median, lower end")
    ci_high: NotNegative = Field(description="the same interval, upper end")
    repeats: int = Field(ge=1, description="how often it was measured")


class Environment(Record):
    """Where a score was measured."""

    device: Text = Field(description="the processor's or accelerator's name")
    device_kind: DeviceKind = Field(description="what computed: scores of two kinds are never compared")
    threads: int = Field(ge=1, description="of torch, on the processor")
    precision: Precision = Field(description="of weights and inputs")
    python: Text = Field(description="version of Python")
    platform: Text = Field(description="operating system and processor architecture, as Python names them")
    versions: dict[str, Text] = Field(description="library: version")
    commit: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")] | None = Field(
        None, description="of Prunarium's repository; empty where it is installed without one"
    )
    dirty: bool = Field(description="files of the repository had changed since the commit, or were not in it")


class Quality(Record):
    """Share of right answers, on the same samples with and without the method."""

    metric: Metric = Field(
        description="top-5: the right answer is among the five best; exact match: of a generated answer, every word; "
        "vqa accuracy: a generated answer is as right as people agree on it, as VQAv2 has it; f1: of the words of an "
        "answer and of the right one, as SQuAD has it; next word: the share of a text's words that are thought most "
        "likely"
    )
    samples: int = Field(ge=1, description="how many were answered")
    baseline: float = Field(ge=0, le=1, description="share of right answers of the untouched model")
    method: float = Field(ge=0, le=1, description="the same with the method")
    difference_low: float = Field(description="paired 95 % interval of method - baseline, lower end")
    difference_high: float = Field(description="the same interval, upper end")
    answers: Sha256 = Field(
        description="sha256 of the method's answers, sample by sample as little-endian int64: equal for two runs that "
        "answered alike"
    )
    answers_baseline: Sha256 | None = Field(
        None, description="the same of the untouched model's answers; empty in records from before it was kept"
    )


class Foretelling(Record):
    """Perplexity on the same words of the same texts, with and without the method: e to the mean surprise of a word."""

    words: int = Field(ge=1, description="that were foretold, in all texts")
    baseline: float = Field(ge=1, description="perplexity of the untouched model")
    method: float = Field(ge=1, description="the same with the method")
    ratio_low: float = Field(gt=0, description="paired 95 % interval of method / baseline, lower end")
    ratio_high: float = Field(gt=0, description="the same interval, upper end")


class Cache(Record):
    """What the key-value cache holds once a prompt has been read: of one sample, or the mean of several that differ."""

    bytes_baseline: Bytes = Field(description="of keys and values in all layers, of the untouched model")
    bytes: Bytes = Field(
        description="the same with the method, as they are in memory: key heads that hold fewer tokens are filled up"
    )
    entries_baseline: list[float] = Field(description="tokens that each layer holds, text and image")
    entries: list[float] = Field(description="the same with the method, mean over the key heads, without what fills up")
    tokens_read: list[float] = Field(
        description="image tokens in each layer while the prompt is read; those held afterwards are the tokens of cost"
    )


class Cost(Record):
    """What a forward pass costs, with and without the method."""

    macs_baseline: int = Field(ge=1, description="multiply-accumulates of one sample")
    macs: int = Field(ge=1, description="the same with the method, its own work included")
    macs_own: int = Field(
        ge=0, description="the method's own multiply-accumulates, contained in macs (prompt: the scorer's)"
    )
    macs_by_stage_baseline: dict[Stage, int] = Field(
        default_factory=dict,
        description="vlm: of macs_baseline, what the vision tower, the projector and the reading of the prompt take; "
        "empty in records from before it was kept",
    )
    macs_by_stage: dict[Stage, int] = Field(
        default_factory=dict, description="the same with the method; with macs_own they sum to macs"
    )
    tokens_baseline: list[int] = Field(
        description="tokens leaving each block (vlm, decoder: tokens, of the image or all, that each layer's cache "
        "holds after the prompt; prompt: of the prompt, as each layer reads it)"
    )
    tokens: list[float] = Field(description="the same with the method, mean over samples")
    budget: float = Field(gt=0, le=1, description="mean tokens per block, of the untouched model's")
    cache: Cache | None = Field(
        None,
        description="vlm, decoder, prompt: what the prompt leaves for the words to come; empty in records from before "
        "it was kept",
    )


class Decode(Record):
    """Interleaved timing of words that follow a prompt, on the cache that it left (vlm, decoder), and their memory.

    What a record from before it was kept does not say is empty.
    """

    words: int = Field(ge=1, description="how many were said in a row, the same with and without the method")
    baseline_ms: Interval = Field(description="milliseconds of one word of the untouched model")
    method_ms: Interval = Field(description="milliseconds of one word with the method")
    ratio: Interval = Field(description="untouched time over method time of neighbouring runs; above 1 is faster")
    own_ms: Interval | None = Field(
        None, description="milliseconds of a word inside the method's own work, in runs apart"
    )
    own_share: Share | None = Field(None, description="median share of that work in the words, in the same runs")
    cache_bytes_baseline: Bytes | None = Field(
        None, description="of keys and values behind these words, all layers and samples, of the untouched model"
    )
    cache_bytes: Bytes | None = Field(None, description="the same with the method")
    peak_memory_baseline: Bytes | None = Field(
        None, description="bytes alive at the peak of one more word's step, weights and cache included"
    )
    peak_memory: Bytes | None = Field(None, description="the same with the method")


class Speed(Record):
    """Interleaved timing of one batch size, and the memory of one step."""

    batch_size: int = Field(ge=1, description="samples in a step")
    baseline_ms: Interval = Field(description="milliseconds of a step of the untouched model")
    method_ms: Interval = Field(description="milliseconds of a step with the method")
    ratio: Interval = Field(description="untouched time over method time of neighbouring runs; above 1 is faster")
    own_ms: Interval = Field(
        description="milliseconds of a step inside the method's own work, in runs apart (prompt: the compression)"
    )
    own_share: Share = Field(description="median share of that work in the step, in the same runs")
    peak_memory_baseline: Bytes | None = Field(
        None, description="bytes alive at the peak of a step, weights and inputs included"
    )
    peak_memory: Bytes | None = Field(None, description="the same with the method")
    decode: Decode | None = Field(
        None,
        description="vlm, decoder: of the words after the prompt; the times above are of the prompt alone (its "
        "prefill)",
    )


class MeasuredScore(Record):
    """One run of one method at one setting against the untouched model with SDPA, in one process."""

    schema_version: Literal[2] = Field(2, description="goes up when a field changes its meaning or goes away")
    key: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")] = Field(
        description="natural key: a hash of everything that makes two runs the same cell"
    )
    method: Slug = Field(description="id, the name of its folder")
    method_version: int = Field(ge=1, description="that of its card; goes up when its results change")
    setting: Text = Field(description="the method's repr: its parameters, all of them")
    parameters: dict[str, Scalar | list[Scalar]] = Field(description="the method's parameters, by name")
    family: Family = Field(description="where the method acted")
    benchmark: Slug | None = Field(None, description="empty: cost only, quality was not measured")
    benchmark_revision: int | None = Field(None, description="goes up when the benchmark's data change")
    data_checksum: Text | None = Field(None, description="sha256 of the samples and their labels")
    model: Text = Field(
        description="timm's name; of a checkpoint directory, the directory's; of an embedded benchmark, the benchmark's"
    )
    weights: Text = Field(description="sha256 of the weights, or how random ones were made")
    learned: Text | None = Field(None, description="sha256 of the method's learned parts; empty: it has none")
    seed: int = Field(description="of torch, and of a method that draws lots")
    trained: bool = Field(description="the model was trained with the method; false: off the shelf")
    quality: Quality | None = Field(None, description="by the benchmark's main metric; empty: not measured")
    other_quality: list[Quality] = Field(default_factory=list, description="by its other metrics")
    quality_by_kind: dict[Text, Quality] = Field(
        default_factory=dict, description="by its main metric, for each kind of question; empty where there is one"
    )
    perplexity: Foretelling | None = Field(None, description="decoder: where a text was given to foretell")
    cost: Cost = Field(description="multiply-accumulates and tokens")
    speed: list[Speed] = Field(description="one for each batch size that was timed")
    environment: Environment = Field(description="device, versions and commit")
    command: Text = Field(description="measures it again")
    measured_on: Text = Field(description="date, as YYYY-MM-DD")

    @model_validator(mode="before")
    @classmethod
    def _of_this_version(cls, data: Any) -> Any:
        """One line about the version, rather than one about every field that another version has."""
        version = data.get("schema_version") if isinstance(data, dict) else None
        known: int = cls.model_fields["schema_version"].default
        if isinstance(version, int) and version > known:
            raise ValueError(f"is of schema version {version}, newer than {known}: update prunarium to read it")
        if isinstance(version, int) and version < known:
            raise ValueError(f"is of schema version {version}, older than {known}: measure it again")
        return data
