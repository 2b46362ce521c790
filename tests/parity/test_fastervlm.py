"""FasterVLM against numbers that the paper's own code gave on tiny CLIP towers."""

import numpy as np
import pytest
import torch

from prunarium import load

from . import recipe
from .vlm_models import cases, check_summary, tower_of

CASES = cases("fastervlm")


@pytest.mark.parametrize("name", CASES)
def test_tower(name):
    case = CASES[name]
    expected, inputs = case["outputs"], case["inputs"]
    tokens, tower = tower_of(case)
    score = tower.cls_attention().mean(dim=1)
    np.testing.assert_allclose(score[:, :16], expected["cls_attention_mean_heads"], rtol=1e-5)
    np.testing.assert_allclose(score.sum(dim=1), expected["cls_attention_sum"], rtol=1e-5)
    kept = load("fastervlm", keep_rate=case["params"]["visual_token_num"] / tokens.count).encode(tokens, tower)
    assert kept.positions().tolist() == expected["kept_spatial_order"]
    seed = int(inputs["fill"].split(",")[1])
    projected = kept.x @ recipe.draw(seed, 1, (24, tokens.x.shape[-1]), "weight").double().T
    for sample, summary in zip(projected, expected["projected_kept"], strict=True):
        check_summary(sample, summary, 1e-5)


def test_the_papers_counts():
    tokens, tower = tower_of({"inputs": {**CASES["keep16"]["inputs"], "model": "tiny_clip(layers=2, image=336)"}})
    counts = [load("fastervlm", keep_rate=rate).encode(tokens, tower).count for rate in (0.25, 0.1, 0.05)]
    assert counts == [144, 58, 29]
    assert torch.equal(load("fastervlm", keep_rate=1.0).encode(tokens, tower).x, tokens.x)
