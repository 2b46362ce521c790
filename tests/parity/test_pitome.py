"""PiToMe against numbers that the paper's own code gave, at function and model level."""

import pytest
import torch

from prunarium import load
from prunarium.families import Attention
from prunarium.ops import Tokens, energy, groups

from . import recipe
from .fixtures import check_tokens, close, drawn, fixtures, images_of, model_of, of_level

FIXTURES = fixtures("pitome")


@pytest.mark.parametrize("name", of_level(FIXTURES, "function"))
def test_one_step(name):
    fixture = FIXTURES[name]
    params, given, expected = fixture["params"], fixture["input"], fixture["outputs"]
    metric, x = (drawn(given[key]).double() for key in ("metric", "x"))
    size = recipe.sizes(given["size"]["seed"], given["size"]["index"], given["size"]["shape"]).double().squeeze(-1)
    close(energy(metric[:, 1:], params["margin"])[:, :16], expected["energy_first16"], 1e-6)

    method = load("pitome", keep_rate=[params["ratio_kept"]], margin=params["margin"])
    method = method.model_copy(update={"bipartite_blocks": int(params["bsm_style"])})
    offered = Attention(method.needs, {"keys": lambda: metric.unsqueeze(1)})
    merged = method.reduce(Tokens(x, 1, size), offered, block=0)
    assert groups(merged.moves, len(x), x.shape[1]).tolist() == expected["group_of_token"]
    check_tokens(merged.x, expected, fixture["tolerance"]["float64"])
    close(merged.x[:, :4, :4], expected["slice_first_tokens_channels"], 1e-6)
    close(merged.x[:, -4:, :4], expected["slice_last_tokens_channels"], 1e-6)
    close(merged.size, expected["size_out"], 0)


@pytest.mark.parametrize("name", of_level(FIXTURES, "model"))
def test_model(name):
    fixture = FIXTURES[name]
    params, expected, model = fixture["params"], fixture["outputs"], model_of(fixture)
    bipartite = {"first ceil(L/2)": None, "first 0": 0}[params["bsm_style_blocks"]]
    method = load("pitome", keep_rate=params["ratio_kept_per_block"], bipartite_blocks=bipartite)
    with torch.no_grad(), method.apply(model) as handle:
        logits = model(images_of(fixture))
    close(logits[:, :8], expected["logits_first8"], fixture["tolerance"]["float64"])
    close(logits.norm(dim=-1), expected["logits_l2"], 1e-5)
    assert logits.argmax(-1).tolist() == expected["logits_argmax"]
    assert handle.report().tokens_out == expected["tokens_after_block"]
    if theirs := expected.get("group_of_original_token_final"):
        home = handle.source()
        assert home.tolist() == theirs
        counted = torch.stack([torch.bincount(row, minlength=int(home.max()) + 1) for row in home])
        close(counted, expected["size_final"], 0)
