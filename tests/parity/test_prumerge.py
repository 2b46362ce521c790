"""PruMerge and PruMerge+ against numbers that the paper's own code gave on tiny CLIP towers."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from prunarium import load

from .vlm_models import cases, check_summary, tower_of

CASES = cases("prumerge")


@pytest.mark.parametrize("name", CASES)
def test_tower(name):
    case = CASES[name]
    params, expected = case["params"], case["outputs"]
    tokens, tower = tower_of(case)
    rate = None
    if not params["adaptive"]:
        rate = float(Fraction(params["reduction_ratio"])) * (2 if params["variant"] == "PruMerge+" else 1)
    merged = load("prumerge", variant=params["variant"], keep_rate=rate).encode(tokens, tower)
    kept = merged.positions()
    assert kept[:, :-1].tolist() == expected["kept_indices_in_output_order"]
    assert (kept[:, -1] == -1).all()
    np.testing.assert_allclose(merged.x.norm(dim=-1), expected["row_norms"], rtol=1e-5)
    for sample, summary, extra in zip(merged.x, expected["output"], expected["extra_token_first6"], strict=True):
        check_summary(sample, summary, 1e-5)
        np.testing.assert_allclose(sample[-1, :6], extra, rtol=1e-5)


@pytest.mark.parametrize("variant", ["PruMerge", "PruMerge+"])
def test_each_sample_of_a_batch_is_as_alone(variant):
    """Samples in which different numbers of patches stand out."""
    case = CASES["prumerge_adaptive"]
    inputs = {**case["inputs"], "pixel_values": "recipe.draw(62, 0, (3, 3, 112, 112), 'feature').double()"}
    method = load("prumerge", variant=variant)
    tokens, tower = tower_of({"inputs": inputs})
    together = method.encode(tokens, tower)
    counts = set()
    for number in range(3):
        one = slice(number, number + 1)
        alone = method.encode(type(tokens)(tokens.x[one], original=tokens.count), tower.of(number, one, None))
        there = together.there[number]
        torch.testing.assert_close(together.x[one, there], alone.x)
        assert torch.equal(together.positions()[one, there], alone.positions())
        counts.add(alone.count)
    assert len(counts) > 1
