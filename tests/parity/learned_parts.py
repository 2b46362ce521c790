"""Recorded learned parts, written to a file as a method would ship them."""

import torch
from safetensors.torch import save_file

from prunarium import load
from prunarium.families import shape_of

from .fixtures import drawn


def recorded(parameters: list[dict]) -> dict[int, list[torch.Tensor]]:
    """The recorded parameters, by stage, in their order."""
    stages: dict[int, list[torch.Tensor]] = {}
    for one in parameters:
        value = torch.tensor(one["value"]) if "value" in one else drawn(one)
        stages.setdefault(one["stage"], []).append(value)
    return stages


def with_recorded_parts(method: str, fixture: dict, model, folder, names: list[str], **parameters):
    """A method whose learned parts are those of a fixture.

    Args:
        names: of the parameters of one stage, in the order in which they were recorded.
        parameters: of the method.
    """
    blank = load(method, weights="random", **parameters)
    wanted = blank.fit(shape_of(blank, model)).learned.state_dict()
    parts = {}
    for stage, values in recorded(fixture["extra_params"]).items():
        for name, value in zip(names, values, strict=True):
            full = torch.zeros_like(wanted[f"{stage}.{name}"])
            (full if full.ndim == 0 else full[: len(value)]).copy_(value)  # there is room for more than was recorded
            parts[f"parts.{stage}.{name}"] = full
    path = folder / "parts.safetensors"
    save_file(parts, path)
    return load(method, weights=str(path), **parameters)


PREDICTOR = [
    f"{layer}.{part}"
    for layer in ("embed.0", "embed.1", "judge.0", "judge.2", "judge.4")
    for part in ("weight", "bias")
]
"""Parameters of a predictor of what to keep."""
