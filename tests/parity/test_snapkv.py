"""SnapKV and PyramidKV against the caches that their own code leaves of given queries, keys and values."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from prunarium import load
from prunarium.families.base import Shape
from prunarium.ops import smooth

from .decoder_models import attention_of, states_of, whole
from .vlm_models import cases, check_summary

SNAPKV, PYRAMIDKV = cases("snapkv"), cases("pyramidkv")


def parameters_of(params):
    return {
        "window": params["window"],
        "capacity": params["max_capacity_prompt"],
        "kernel": params["kernel"],
        "pooling": params["pooling"].removesuffix("pool"),
    }


def cached(case, method):
    """The whole cache with its weights; where the official code repeats keys for every query head, so does this."""
    queries, keys, values = states_of(case)
    if "kv head" not in case["params"].get("granularity", ""):
        group = queries.shape[1] // keys.shape[1]
        keys, values = (part.repeat_interleave(group, dim=1) for part in (keys, values))
    entries = whole(keys, values)
    weight = method.weigh(attention_of(method, queries, keys), entries, 0)
    return replace(entries, weight=weight.unflatten(1, (keys.shape[1], -1)).mean(dim=2))


@pytest.mark.parametrize("name", SNAPKV)
def test_snapkv(name):
    case = SNAPKV[name]
    method = load("snapkv", **parameters_of(case["params"]))
    before = cached(case, method)
    (left,) = method.evict([before])
    expected, window = case["outputs"], case["params"]["window"]
    assert left.count == expected["cache_length"]
    if expected.get("unchanged"):
        assert left is before
        return
    older = torch.arange(before.count) < before.count - window
    pooled = smooth(before.weight.masked_fill(~older, 0), method.kernel, method.pooling)[..., :-window]
    np.testing.assert_allclose(pooled[0, :, :8], expected["pooled_score_first8"], rtol=1e-5)
    np.testing.assert_allclose(pooled[0].sum(dim=1), expected["pooled_score_sum"], rtol=1e-5)
    theirs = torch.tensor(expected["prefix_indices_in_cache_order"])
    ours = left.place[0, :, :-window]
    if method.pooling == "avg":
        assert torch.equal(ours, theirs.sort(dim=1).values)
    else:  # which of equal ones stay is the kernel's choice
        torch.testing.assert_close(*(pooled[0].gather(1, kept).sort(dim=1).values for kept in (ours, theirs)))
    order = torch.cat([theirs, torch.arange(before.count)[-window:].expand(len(theirs), -1)], dim=1).unsqueeze(0)
    check_summary(before.keep(order).keys, expected["keys"], 1e-6)
    check_summary(before.keep(order).values, expected["values"], 1e-6)


@pytest.mark.parametrize("name", PYRAMIDKV)
def test_pyramidkv(name):
    case, params = PYRAMIDKV[name], PYRAMIDKV[name]["params"]
    shape = Shape("decoder", params["layers"], 0, params["T"], (), 8)
    method = load("pyramidkv", beta=params["beta"], **parameters_of(params)).fit(shape)
    layers = method.evict([cached(case, method)] * params["layers"])
    for left, expected in zip(layers, case["outputs"]["layers"], strict=True):
        assert left.count == expected["cache_length"]
        older = left.place[0, :, : -params["window"]]
        assert older.sum(dim=1).tolist() == expected["prefix_indices_sum_per_head"]
        assert older[0].tolist() == expected.get("prefix_indices_sorted_head0", older[0].tolist())
        np.testing.assert_allclose(left.keys.norm(), expected["keys_norm"], rtol=1e-6)
