"""Length-Adaptive Transformer against numbers that the paper's own code gave: the whole encoder, outputs restored."""

import pytest
import torch

from prunarium import load

from .bert_models import bert_of, check_hidden, left_after
from .vlm_models import cases

CASES = cases("length_adaptive")


@pytest.mark.parametrize("name", CASES)
@torch.inference_mode()
def test_encoder(name):
    case = CASES[name]
    params, expected = case["params"], case["outputs"]
    model, batch = bert_of(case)
    with load("length-adaptive", retention=params["length_config"]).apply(model) as handle:
        hidden, report = model(**batch).last_hidden_state, handle.report()
    positions = left_after(report, len(hidden), params["S"])
    assert [[len(row) for row in rows] for rows in positions] == [
        [min(count, length) for length in params["lengths"]] for count in params["length_config"]
    ]
    assert positions == expected["kept_original_positions_sorted_per_layer"]
    check_hidden(hidden, expected["restored_hidden"], expected)
