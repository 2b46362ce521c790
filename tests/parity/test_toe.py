"""Token Expansion against numbers that the paper's own code gave."""

import numpy as np
import pytest
import torch

from prunarium import load
from prunarium.families import Attention
from prunarium.ops import Tokens

from .fixtures import check_tokens, close, drawn, fixtures, images_of, model_of, of_level

FIXTURES = fixtures("toe")


def method_of(fixture):
    params = fixture["params"]
    return load(
        "toe",
        stage=params["stage"],
        keep_rates=tuple(params["keep_rates"]),
        initial_rate=params["initial_rate"],
        repeats=params["repeats_per_stage"],
    )


@pytest.mark.parametrize("name", of_level(FIXTURES, "function"))
def test_selection(name):
    fixture = FIXTURES[name]
    expected = fixture["outputs"]
    after = method_of(fixture).reduce(Tokens(drawn(fixture["input"]["x"]).double(), prefix=1), Attention((), {}), 1)
    assert after.count == expected["n_out"]
    assert after.moves[0].position.tolist() == expected["selected_positions_in_output_order"]
    check_tokens(after.x, expected, 1e-6)
    close(after.x[:, :3, :4], np.asarray(expected["slice_first_tokens_channels"])[:, :3], 1e-6)
    close(after.x[:, -3:, :4], np.asarray(expected["slice_last_tokens_channels"])[:, -3:], 1e-6)


@pytest.mark.parametrize("name", of_level(FIXTURES, "model"))
def test_model(name):
    """The official code reduces after block 0, here it is before block 1: the same place."""
    fixture = FIXTURES[name]
    expected, model = fixture["outputs"], model_of(fixture)
    with torch.no_grad(), method_of(fixture).apply(model) as handle:
        logits = model(images_of(fixture))
    close(logits[:, :8], expected["logits_first8"], 1e-6)
    close(logits.norm(dim=-1), expected["logits_l2"], 1e-5)
    assert logits.argmax(-1).tolist() == expected["logits_argmax"]
    report = handle.report()
    assert [report.tokens_in[0], *report.tokens_out[1:]] == [197, *expected["tokens_after_block"][1:]]
    assert report.blocks[1].moves[0].position.tolist() == expected["selected_positions"]
