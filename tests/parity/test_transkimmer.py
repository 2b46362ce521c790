"""Transkimmer against numbers that the paper's own code gave, its gates going by the larger logit."""

import numpy as np
import pytest
import torch

from prunarium import load

from . import recipe
from .bert_models import bert_of, check_hidden
from .vlm_models import cases

CASES = cases("transkimmer")


def fill(predictors, seed):
    """The recorded skim predictors."""
    for layer, predictor in enumerate(predictors):
        for place, module in enumerate(predictor):
            if not hasattr(module, "weight"):
                continue
            last, index = place == len(predictor) - 1, 1000 + 10 * layer + 2 * place
            kind = "weight" if module.weight.ndim > 1 else "norm"
            module.weight.data = recipe.draw(seed, index, module.weight.shape, kind, 3.0 if last else 1.0).double()
            module.bias.data = recipe.draw(seed, index + 1, module.bias.shape, "bias").double()
            if last:
                module.bias.data += torch.tensor([-1.0, 1.0])


@pytest.mark.parametrize("name", CASES)
@torch.inference_mode()
def test_encoder(name):
    case = CASES[name]
    expected = case["outputs"]
    model, batch = bert_of(case)
    said = []
    with load("transkimmer", weights="random", as_trained=True).apply(model) as handle:
        fill(handle.learned, int(case["inputs"]["fill"].split(",")[1]))
        for predictor in handle.learned:
            predictor.register_forward_hook(lambda module, args, output: said.append(output))
        hidden = model(**batch).last_hidden_state
        last = handle.memory["mask"]
    margins = torch.stack([logits[..., 1] - logits[..., 0] for logits in said])
    np.testing.assert_allclose(margins[0, :, :8], expected["keep_logit_margin_layer0"], rtol=1e-6, atol=1e-6)
    kept = torch.nn.functional.pad((margins > 0).cumprod(dim=0), (1, 0), value=1)
    assert [[row.nonzero().flatten().tolist() for row in rows] for rows in kept] == expected["kept_positions_per_layer"]
    assert torch.equal(last, kept[-1].double())
    check_hidden(hidden, expected["last_hidden"], expected)


@torch.inference_mode()
def test_removing_what_is_skimmed_takes_the_same_tokens_at_first():
    case = CASES["argmax_gate_2"]
    model, batch = bert_of(case)
    with load("transkimmer", weights="random").apply(model) as handle:
        fill(handle.learned, 432)
        model(**batch)
        first = handle.report().blocks[0]
    assert first.moves[0].position.tolist()[0] == case["outputs"]["kept_positions_per_layer"][0][0]
    assert first.attended == first.tokens_out < first.tokens_in
