"""vid-TLDR's saliency merging against numbers that the paper's own code gave. It has no class token to protect."""

import numpy as np
import pytest

from prunarium import load
from prunarium.families import Attention
from prunarium.ops import Tokens, sharpness_saliency

from . import recipe
from .fixtures import check_tokens, close, drawn, fixtures, of_level

FIXTURES = fixtures("vidtldr")


def attention_of(spec):
    return recipe.attention(spec["seed"], spec["shape"], spec["gain"])


def merged(tokens, spec, r):
    method = load("vid-tldr", r=[r])
    logits = attention_of(spec).log()
    return method.reduce(tokens, Attention(method.needs, {"logits": lambda: logits}), block=0)


def check(tokens, expected):
    close(tokens.size, expected["size_out"], 1e-4)
    check_tokens(tokens.x, expected, 1e-4)
    close(tokens.x[:, :3, :4], np.asarray(expected["slice_first_tokens_channels"])[:, :3], 1e-4)
    close(tokens.x[:, -3:, :4], np.asarray(expected["slice_last_tokens_channels"])[:, -3:], 1e-4)


@pytest.mark.parametrize("name", of_level(FIXTURES, "function"))
def test_saliency_merging(name):
    fixture = FIXTURES[name]
    params, given, expected = fixture["params"], fixture["input"], fixture["outputs"]
    saliency = sharpness_saliency(attention_of(given["attention"]))
    close(saliency[:, :24], expected["saliency_first24"], 1e-4)
    assert (saliency > 0).sum(dim=1).tolist() == expected["saliency_nonzero_count"]
    x = drawn(given["x"])
    r = params["r"] if params["r"] >= 1 else int(x.shape[1] * params["r"])  # the official r may be a share
    once = merged(Tokens(x), given["attention"], r)
    assert once.count == expected["n_out"]
    check(once, expected)
    if params["r_second_call"]:
        check(merged(once, given["attention_second_call"], params["r_second_call"]), expected["second_call"])
