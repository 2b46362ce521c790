"""What tables of models say of a model and records do not: its parameters, and how it wants its images."""

from dataclasses import dataclass
from functools import cache

import torch
from torch import nn

from prunarium.bench.benchmarks import EmbeddedBenchmark, benchmarks


@dataclass(frozen=True)
class ModelFacts:
    """Empty where nobody knows. ``img_size`` in pixels, ``crop_pct`` as a share of the image."""

    param_count: int | None = None
    img_size: int | None = None
    crop_pct: float | None = None
    interpolation: str = ""


@cache
def model_facts(model: str, benchmark: str | None) -> ModelFacts:
    """The facts of an embedded benchmark's model, or of a timm model with its usual classes."""
    import timm

    found = benchmarks().get(benchmark or "")
    if isinstance(found, EmbeddedBenchmark):
        return ModelFacts(_count(found.build()), found.make(1, 0).images.shape[1])
    if not timm.is_model(model.partition(".")[0]):
        return ModelFacts()
    with torch.device("meta"):  # shapes without weights
        made = timm.create_model(model)
    config = timm.data.resolve_model_data_config(made)
    return ModelFacts(_count(made), config["input_size"][-1], config["crop_pct"], config["interpolation"])


def _count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())
