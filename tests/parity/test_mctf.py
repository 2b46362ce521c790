"""MCTF against numbers that the paper's own code gave."""

import numpy as np
import pytest
import torch

from prunarium import load
from prunarium.families import Attention
from prunarium.ops import Tokens, groups

from . import recipe
from .fixtures import assert_same_partition, check_tokens, close, drawn, fixtures, images_of, model_of, of_level

FIXTURES = fixtures("mctf")


def method_of(fixture):
    likeness, information, size = fixture["params"]["tau_sim_info_size"]
    return load(
        "mctf",
        r=fixture["params"]["r"],
        similarity_temperature=likeness,
        information_temperature=information,
        size_temperature=size,
    )


@pytest.mark.parametrize("name", of_level(FIXTURES, "function"))
def test_fusion(name):
    fixture = FIXTURES[name]
    given, expected = fixture["input"], fixture["outputs"]
    attention = given["attention"]
    matrix = recipe.attention(attention["seed"], attention["shape"], attention["gain"]).double()
    size = given["size"]
    if size is not None:
        size = recipe.sizes(size["seed"], size["index"], size["shape"]).double().squeeze(-1)
    x = drawn(given["x"]).double()
    method = method_of(fixture)
    method = method.model_copy(update={"r": [0, method.r]})
    tokens = Tokens(x, prefix=1, size=size)
    fused = method.reduce(tokens, Attention(method.needs, {"next_attention": lambda: matrix}), block=1)
    assert groups(fused.moves, *x.shape[:2]).tolist() == expected["group_of_token"]  # the order, too
    close(fused.size, expected["size_out"], 0)
    check_tokens(fused.x, expected, 1e-6)
    close(fused.x[:, :3, :4], np.asarray(expected["slice_first_tokens_channels"])[:, :3], 1e-6)
    close(fused.x[:, -3:, :4], np.asarray(expected["slice_last_tokens_channels"])[:, -3:], 1e-6)
    close(fused.attention[:, 0].sum(-1), expected["merged_attention_row_sums_head0"], 1e-6)
    corner = np.asarray(expected["merged_attention_slice"])
    close(fused.attention[:, 0, : corner.shape[1], : corner.shape[2]], corner, 1e-6)


@pytest.mark.parametrize("name", of_level(FIXTURES, "model"))
def test_model(name):
    fixture = FIXTURES[name]
    expected, model = fixture["outputs"], model_of(fixture)
    with torch.no_grad(), method_of(fixture).apply(model) as handle:
        logits = model(images_of(fixture))
        size = model.blocks[0].forward.__self__.passage.size
    close(logits[:, :8], expected["logits_first8"], 1e-6)
    close(logits.norm(dim=-1), expected["logits_l2"], 1e-5)
    assert logits.argmax(-1).tolist() == expected["logits_argmax"]
    assert handle.report().tokens_out == expected["tokens_after_block"]
    assert_same_partition(handle.source(), torch.tensor(expected["group_of_original_token_final"]))
    close(size, expected["size_final"], 0)
