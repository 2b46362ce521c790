"""What tables of models say of a model and records do not: its parameters, and how it wants its images."""

from dataclasses import dataclass
from functools import cache

import torch
from torch import nn

from prunarium.bench.benchmarks import benchmarks, classify
from prunarium.bench.counters import count_macs


@dataclass(frozen=True)
class ModelFacts:
    """Empty where nobody knows. ``img_size`` in pixels, ``crop_pct`` as a share of the image."""

    param_count: int | None = None
    img_size: int | None = None
    crop_pct: float | None = None
    interpolation: str = ""


@cache
def model_facts(model: str, benchmark: str | None, macs: int) -> ModelFacts:
    """The facts of an embedded benchmark's model, or of a timm model.

    A record does not say how many classes a checkpoint has. Its untouched model's ``macs`` do: where they are not those
    of the timm model with its usual classes, the parameters are not known.
    """
    import timm

    if benchmark in benchmarks():
        found = benchmarks()[benchmark]
        return ModelFacts(_count(found.build()), found.make(1, 0).images.shape[1] or None)
    name, _, pixels = model.partition("@")
    if not timm.is_model(name.partition(".")[0]):
        return ModelFacts()
    with torch.device("meta"):  # shapes without weights
        made = timm.create_model(name, **({"img_size": int(pixels)} if pixels else {})).eval()
        config = timm.data.resolve_model_data_config(made)
        size = int(pixels) if pixels else config["input_size"][-1]
        images = torch.empty(1, config["input_size"][0], size, size)
        usual = count_macs(made, classify, {"images": images}).total == macs
    return ModelFacts(_count(made) if usual else None, size, config["crop_pct"], config["interpolation"])


def _count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())
