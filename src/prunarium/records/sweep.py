"""Sweeps: many cells written down as grids, for ``prunarium bench sweep.yaml``."""

from typing import Annotated

from pydantic import Field

from prunarium.records.base import Record, Text
from prunarium.records.score import Precision, Scalar

Budget = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Choices(Record):
    """What a grid may leave to the defaults. A list holds alternatives: each is combined with each of the others."""

    benchmarks: list[Text] | None = Field(None, min_length=1, description="default: the family's embedded one")
    models: list[Text] | None = Field(
        None,
        min_length=1,
        description="timm models, or directories of vision-language or text models from the sweep file's; embedded "
        "benchmarks have their own",
    )
    budgets: list[Budget] | None = Field(
        None, min_length=1, description="mean tokens per block, of the untouched model's; finds the parameter for each"
    )
    macs: list[Budget] | None = Field(
        None, min_length=1, description="multiply-accumulates, of the untouched model's; finds the parameter for each"
    )
    seeds: list[Seed] | None = Field(None, min_length=1, description="default: 0")
    checkpoint: Text | None = Field(None, description="weights for the models; a path from the sweep file's folder")
    trained: bool | None = Field(
        None, description="with weights that were trained with the method: its own, or the checkpoint"
    )
    data: Text | None = Field(None, description="folder of a benchmark whose data are not shipped; likewise")
    columns: dict[Text, Text] | None = Field(
        None, description="of a dataset of texts: the column of each role, where their names do not tell"
    )
    batch_sizes: list[Count] | None = Field(
        None, min_length=1, description="to time, in each cell; default: 1 and the benchmark's large one"
    )
    seconds: Seconds | None = Field(None, description="how long to time each batch size")
    samples: Count | None = Field(None, description="only so many of the benchmark's")
    device: Text | None = Field(None, description="cpu, cuda, cuda:1...; default: cpu")
    precision: Precision | None = Field(None, description="default: float32")
    threads: Count | None = Field(None, description="of torch; default: as many as torch takes where it is started")


class Grid(Choices):
    """Every combination of these methods, benchmarks, models, parameters, budgets and seeds is a cell."""

    methods: list[Text] = Field(min_length=1, description="ids, or paths of method folders from the sweep file's")
    parameters: dict[Text, Annotated[list[Scalar | list[Scalar]], Field(min_length=1)]] = Field(
        default_factory=dict, description="of the methods: the name, and its values"
    )


class Sweep(Record):
    """The whole file."""

    defaults: Choices = Field(default_factory=Choices, description="of every grid that does not say otherwise")
    grids: list[Grid] = Field(min_length=1, description="what to measure")
