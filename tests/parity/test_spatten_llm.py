"""SpAtten's token pruning for language models against what its own code keeps of given scores."""

from dataclasses import replace

import pytest
import torch

from prunarium import load

from . import recipe
from .decoder_models import whole
from .vlm_models import cases

CASES = cases("spatten")


@pytest.mark.parametrize("name", CASES)
def test_what_stays(name):
    case, params = CASES[name], CASES[name]["params"]
    capacity = params["start"] + params["important"] + params["recent"]
    method = load(
        "spatten-llm",
        sinks=params["start"],
        capacity=capacity,
        recent=params["recent"] / capacity,
        coming=params["num_coming"],
    )
    seed = int(case["inputs"]["scores"].split("draw(")[1].split(",")[0])
    shape = (1, params["heads"], params["query_rows"], params["T"])
    contents = torch.zeros(1, params["heads"], params["T"], 1)
    cache = [
        replace(whole(contents, contents), weight=recipe.draw(seed, layer, shape, "feature", 2.0).double().sum(dim=2))
        for layer in range(2)
    ]
    assert [left.place[0].tolist() for left in method.evict(cache)] == case["outputs"]["kept_positions_per_layer"]
