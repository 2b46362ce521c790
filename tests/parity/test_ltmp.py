"""LTMP against numbers that the paper's own code gave for thresholds set by hand, at block and model level."""

import numpy as np
import pytest
import torch

from prunarium import load

from .fixtures import check_tokens, close, drawn, fixtures, images_of, model_of, of_level, run_block

FIXTURES = fixtures("ltmp")


class WithThresholds:
    """The method with thresholds set by hand, in the units of the official code."""

    def __init__(self, merge, prune, tokens):
        self.method, self.parts = load("ltmp", weights="random"), {"merge": merge, "prune": np.multiply(prune, tokens)}

    def apply(self, model):
        handle = self.method.apply(model)
        with torch.no_grad():
            for name, value in self.parts.items():
                handle.learned[name].copy_(torch.as_tensor(value))
        return handle


@pytest.mark.parametrize("name", of_level(FIXTURES, "block"))
def test_block(name):
    fixture = FIXTURES[name]
    params, given, expected = fixture["params"], fixture["input"], fixture["outputs"]
    x = drawn(given["x"]).double()
    size = 1 + (3 * drawn(given["size"]).double().squeeze(-1).abs()).floor()
    method = WithThresholds([params["merge_threshold"]] * 12, [params["prune_threshold"]] * 12, x.shape[1])
    model, block = model_of(fixture), params["block"]
    out, record, size_out = run_block(model, block, method, x, size)
    check_tokens(out, expected, fixture["tolerance"]["float64"])
    close(out[:, :4, :4], np.asarray(expected["slice_first_tokens_channels"]), 1e-6)
    close(out[:, -4:, :4], np.asarray(expected["slice_last_tokens_channels"]), 1e-6)
    close(size_out, expected["size_out"], 0)
    home = record.moves[0].group()
    assert int((home != torch.arange(x.shape[1])).sum()) == expected["n_merged"]


@pytest.mark.parametrize("name", of_level(FIXTURES, "model"))
def test_model(name):
    fixture = FIXTURES[name]
    params, expected, model = fixture["params"], fixture["outputs"], model_of(fixture)
    method = WithThresholds(params["merge_threshold_per_block"], params["prune_threshold_per_block"], 197)
    with torch.no_grad(), method.apply(model) as handle:
        logits = model(images_of(fixture))
        size = model.blocks[-1].forward.__self__.passage.size
    tolerance = fixture["tolerance"]["float64"]
    assert handle.report().tokens_out == expected["tokens_after_block"]
    close(size, expected["size_final"], 0)
    close(logits[:, :8], expected["logits_first8"], tolerance)
    close(logits.norm(dim=-1), expected["logits_l2"], tolerance * 10)
    assert logits.argmax(-1).tolist() == expected["logits_argmax"]
