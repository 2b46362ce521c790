"""Top-K against numbers that its paper's own code gave, at function, block and model level."""

import pytest
import torch

from prunarium import load
from prunarium.families import Attention
from prunarium.ops import Tokens

from . import recipe
from .fixtures import check_tokens, drawn, fixtures, model_of, of_level, run_block
from .staged_models import check_model, check_slices, settings

FIXTURES = fixtures("topk")


def test_selection():
    fixture = FIXTURES["topk-f1"]
    given, kept = fixture["input"]["attention"], fixture["params"]["n_kept"]
    attention = recipe.attention(given["seed"], given["shape"], given["gain"]).double()
    count = given["shape"][-1]
    method = load("topk", keep_rate=(kept + 0.5) / (count - 1), blocks=(3,))
    tokens = Tokens(torch.zeros(len(attention), count, 1), prefix=1, original=count)
    after = method.reduce(tokens, Attention(method.needs, {"cls_attention": lambda: attention[:, :, 0]}), block=3)
    assert (after.moves[0].position[:, 1:] - 1).tolist() == fixture["outputs"]["kept_descending"]


def test_block():
    fixture = FIXTURES["topk-b1"]
    params, expected, tolerance = fixture["params"], fixture["outputs"], fixture["tolerance"]["float64"]
    method = load("topk", keep_rate=params["keep_rate"], blocks=(params["block"],))
    out, record, _ = run_block(model_of(fixture), params["block"], method, drawn(fixture["input"]["x"]).double())
    assert (record.moves[0].position[:, 1:] - 1).tolist() == expected["kept"]
    check_tokens(out, expected, tolerance)
    check_slices(out, expected, tolerance)


@pytest.mark.parametrize("name", of_level(FIXTURES, "model"))
def test_model(name):
    check_model(load("topk", **settings(FIXTURES[name])), FIXTURES[name])
