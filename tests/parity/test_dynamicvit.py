"""DynamicViT against numbers that the paper's own code gave, at function and model level."""

import numpy as np
import pytest
import torch

from prunarium.ops import KeepPredictor, masked_softmax, top

from .fixtures import close, drawn, fixtures, images_of, model_of, of_level
from .learned_parts import PREDICTOR, recorded, with_recorded_parts

FIXTURES = fixtures("dynamicvit")


@pytest.mark.parametrize("name", ["dynamicvit-f1", "dynamicvit-f2-policy"])
def test_predictor(name):
    fixture = FIXTURES[name]
    given, expected = fixture["input"], fixture["outputs"]
    x = drawn(given["x"]).double()
    predictor = KeepPredictor(x.shape[-1]).double()
    predictor.load_state_dict(dict(zip(PREDICTOR, recorded(fixture["extra_params"])[0], strict=True)))
    there = None if given["policy"] == "all ones" else (drawn(given["policy"]).squeeze(-1) > 0).double()
    with torch.no_grad():
        score = predictor(x, there)[..., 0]
    close(score, expected["keep_logprob"], fixture["tolerance"]["float64"])
    assert top(score, fixture["params"]["n_kept"]).tolist() == expected["kept_descending"]


def test_masked_softmax():
    fixture = FIXTURES["dynamicvit-f3-softmax"]
    expected, tolerance = fixture["outputs"], fixture["tolerance"]["float32"]
    there = (drawn(fixture["input"]["policy"]).squeeze(-1) > 0).float()
    there[:, 0] = 1
    rows = masked_softmax(drawn(fixture["input"]["logits"]), there, fixture["params"]["eps"])
    close(rows[:, 0].sum(dim=-1), expected["row_sums_head0"], tolerance)
    shown = np.asarray(expected["slice"])
    close(rows[:, :, : shown.shape[2], : shown.shape[3]], shown, tolerance)
    close(rows.flatten(1).norm(dim=1), expected["l2"], tolerance * 10)


@pytest.mark.parametrize("name", of_level(FIXTURES, "model"))
def test_model(name, tmp_path):
    fixture = FIXTURES[name]
    params, expected, model = fixture["params"], fixture["outputs"], model_of(fixture)
    rate, blocks = params["token_ratio"][0], tuple(params["pruning_blocks"])
    method = with_recorded_parts("dynamicvit", fixture, model, tmp_path, PREDICTOR, keep_rate=rate, blocks=blocks)
    tolerance = fixture["tolerance"]["float64"]
    seen = {}
    with torch.no_grad(), method.apply(model) as handle:
        for stage, block in enumerate(blocks):
            handle.learned[stage].register_forward_hook(lambda _, __, out, block=block: seen.update({block: out}))
        logits = model(images_of(fixture))
        report = handle.report()
    assert report.tokens_out == expected["tokens_after_block"]
    for block in blocks:
        assert (report.blocks[block].moves[0].position[:, 1:] - 1).tolist() == expected[f"kept_at_block{block}"]
        close(seen[block][:, :8, 0], expected[f"keep_logprob_block{block}_first8"], tolerance)
    close(logits[:, :8], expected["logits_first8"], tolerance)
    close(logits.norm(dim=-1), expected["logits_l2"], tolerance * 10)
    assert logits.argmax(-1).tolist() == expected["logits_argmax"]
