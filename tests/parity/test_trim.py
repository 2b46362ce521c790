"""TRIM against numbers that the paper's own code gave."""

import numpy as np
import pytest
import torch

from prunarium import load
from prunarium.ops import Tokens, groups

from ..families.vlm_models import make_clip
from . import recipe
from .vlm_models import cases, check_summary

CASES = cases("trim")


class OneTile:
    tiles, image = None, 0


def recorded(case):
    """The recorded patches, and TRIM as if a CLIP with the recorded projections had been asked the question."""
    seed, batch, dim, width = (131, 2, 12, 10) if case["case"] == "fixed" else (132, 1, 16, 12)
    patches = recipe.draw(seed, 0, (batch, case["params"]["N"], dim)).double()
    clip = make_clip(dim, width).double()
    with torch.no_grad():
        clip.vision_model.post_layernorm.weight.copy_(recipe.draw(seed, 2, (dim,), "norm"))
        clip.vision_model.post_layernorm.bias.copy_(recipe.draw(seed, 3, (dim,), "bias"))
        clip.visual_projection.weight.copy_(recipe.draw(seed, 4, (width, dim), "weight"))
    ratio = case["params"]["ratio"]
    method = load("trim", keep_rate=ratio if isinstance(ratio, float) else None).ask(clip, torch.tensor([[1, 5, 2]]))
    text = recipe.draw(seed, 1, (batch, width)).double()
    method._question = type(method._question)(text, method._question.norm, method._question.projection)
    return method, Tokens(patches, original=patches.shape[1])


@pytest.mark.parametrize("name", CASES)
@torch.no_grad()
def test_selection(name):
    case = CASES[name]
    method, tokens = recorded(case)
    expected = case["outputs"]
    score = method._question.likeness(tokens.x, torch.arange(len(tokens.x)))
    np.testing.assert_allclose(score[:, :16], expected["score"], rtol=1e-6)
    kept = method.encode(tokens, OneTile())
    assert kept.count == expected["actual_tokens"]
    assert kept.moves[0].position[:, :-1].tolist() == expected["kept_spatial_order"]
    np.testing.assert_allclose(kept.x[:, -1], expected["extra_token"], rtol=1e-5, atol=1e-7)
    for sample, summary in enumerate(expected["kept_features"]):
        check_summary(kept.x[sample], summary)
    home = groups(kept.moves, len(tokens.x), tokens.count)
    assert (home == kept.count - 1).sum(dim=1).tolist() == [tokens.count - kept.count + 1] * len(tokens.x)


@torch.no_grad()
def test_samples_that_keep_different_numbers():
    method, _ = recorded(CASES["fixed"])
    method = method.model_copy(update={"keep_rate": None})
    x = recipe.draw(8, 0, (2, 49, 12)).double()
    alone = [method.encode(Tokens(x[i : i + 1], first_sample=i, original=49), OneTile()) for i in range(2)]
    counts = [one.count for one in alone]
    assert counts[0] != counts[1]
    together = method.encode(Tokens(x, original=49), OneTile())
    assert together.there.sum(dim=1).tolist() == counts
    for sample in range(2):
        torch.testing.assert_close(together.x[sample][together.there[sample]], alone[sample].x[0])
