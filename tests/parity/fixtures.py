"""What the parity tests of the vit family share: the recorded numbers, and the models and inputs they are of."""

import functools
import json
from pathlib import Path

import numpy as np
import timm
import torch

from . import recipe

HERE = Path(__file__).parent


def fixtures(*names: str) -> dict[str, dict]:
    """The recorded numbers of some methods, by their ids."""
    return {
        fixture["id"]: fixture
        for name in names
        for fixture in json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))["fixtures"]
    }


def of_level(found: dict[str, dict], level: str, begins: str = "") -> list[str]:
    """Ids of one level (function, block, model)."""
    return [name for name, fixture in found.items() if fixture["level"] == level and name.startswith(begins)]


def drawn(spec: dict) -> torch.Tensor:
    """A recorded input: ``{"seed", "index", "shape", "kind"?, "gain"?}``."""
    kind, gain = spec.get("kind", "feature"), spec.get("gain", 1.0)
    return recipe.draw(spec["seed"], spec.get("index", 0), spec["shape"], kind, gain)


@functools.cache
def deit(seed: int, gain: float):
    model = timm.create_model("deit_tiny_patch16_224")
    return recipe.fill_timm(model, seed, gain).double()


def model_of(fixture):
    spec = fixture["model"]
    return deit(spec["recipe_seed"], spec["qkv_gain"])


def images_of(fixture):
    spec = fixture["input"]
    return recipe.draw(spec["seed"], 0, (spec["batch"], 3, spec["size"], spec["size"])).double()


def close(actual, expected, tolerance):
    np.testing.assert_allclose(np.asarray(actual), np.asarray(expected), rtol=1e-6, atol=tolerance)


def assert_same_partition(ours: torch.Tensor, theirs: torch.Tensor):
    """Two assignments group the same tokens together, whatever the groups are numbered."""
    for mine, other in zip(ours.tolist(), theirs.tolist(), strict=True):
        assert len(set(zip(mine, other, strict=True))) == len(set(mine)) == len(set(other))


def check_tokens(x: torch.Tensor, expected: dict, tolerance: float):
    assert list(x.shape) == expected["shape"]
    close(x.norm(dim=-1), expected["token_l2"], tolerance * 10)
    close(x.sum(dim=(1, 2)), expected["sum"], tolerance * 1e3)


def run_block(model, block: int, method, x, size=None):
    """One block of a model with a method in it, entered with given tokens and sizes."""
    with method.apply(model) as handle, torch.no_grad():
        forward = model.blocks[block].forward.__self__
        forward.passage.begin(x)
        forward.passage.size = size
        if block == 0:
            assert size is None
        out = model.blocks[block](x)
        record = handle.records[-1]
        return out, record, forward.passage.size
