"""What a method is run on: a model with its inputs, from a benchmark or the user's own."""

import functools
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from prunarium.bench.benchmarks import Benchmark, name_classes
from prunarium.bench.environment import device_kind
from prunarium.bench.precisions import PRECISIONS, rounded_weights
from prunarium.bench.responses import Answer, Respond, Response
from prunarium.bench.samples import Inputs, Samples
from prunarium.errors import PrunariumError
from prunarium.records.score import Metric, Precision

BATCH = 100
"""Samples that are answered at a time: always the same, because another batch size may round differently."""
WORDS = 8
"""After a prompt, where the time of each is taken."""


@dataclass(frozen=True)
class Workload:
    """A model, its inputs, and how it answers.

    Attributes:
        model_name: the name under which scores are recorded.
        patch: pixels along a patch, for pictures.
        large_batch: a batch size at which throughput is measured.
        answer: the forward pass whose cost is measured: class or vocabulary scores of a batch ``[batch, answers]``.
        weights: the hash of trained ones; how random ones were made.
        noise: the data are nobody's: they only have the right shape.
        benchmark: empty where only cost is measured.
        metrics: by which answers are judged; the first is the main one.
        precision: of the weights and inputs.
        batch: samples that are answered at a time.
        varied: whether samples differ in their numbers of tokens, text or image.
        warning: what a person should know before believing the numbers.
        respond: what the model says, which is judged.
        words: said after a prompt, of a model that says any, to take the time of each.
        answered: what the untouched model said, by the number of threads: methods that share a workload share it.
    """

    model: nn.Module
    model_name: str
    data: Samples
    patch: int
    large_batch: int
    answer: Answer
    device: torch.device
    weights: str
    seed: int = 0
    noise: bool = False
    benchmark: Benchmark | None = None
    metrics: tuple[Metric, ...] = ("accuracy",)
    precision: Precision = "float32"
    batch: int = BATCH
    varied: bool = False
    warning: str = ""
    respond: Respond = name_classes
    words: int = WORDS
    answered: dict[int, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @functools.cached_property
    def data_checksum(self) -> str | None:
        """sha256 of the data; ``None`` for noise."""
        return None if self.noise else self.data.checksum()


def find_device(name: str | torch.device) -> torch.device:
    """A device that computes.

    Raises:
        PrunariumError: there is no such device here, or it is of a kind that cannot be measured on.
    """
    try:
        device = torch.device(name)
        device_kind(device)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError) as error:
        raise PrunariumError(f"--device {name}: there is no such device here") from error
    return device


def in_precision(workload: Workload, precision: Precision) -> Workload:
    """The same workload with its weights and inputs rounded to another precision; its scores come back in float32.

    Raises:
        PrunariumError: there is no such precision.
    """
    if precision not in PRECISIONS:
        raise PrunariumError(f"there is no precision '{precision}'; there are {', '.join(PRECISIONS)}")
    dtype = PRECISIONS[precision]
    model = rounded_weights(workload.model, dtype)
    if precision == "float32":
        return replace(workload, model=model)

    def rounded(inputs: Inputs) -> Inputs:
        return {name: value.to(dtype) if value.is_floating_point() else value for name, value in inputs.items()}

    def answer(model: nn.Module, inputs: Inputs) -> Tensor:
        return workload.answer(model, rounded(inputs)).float()

    def respond(model: nn.Module, inputs: Inputs) -> Response:
        response = workload.respond(model, rounded(inputs))
        return replace(response, scores=response.scores.float())

    return replace(workload, model=model, answer=answer, respond=respond, precision=precision)
