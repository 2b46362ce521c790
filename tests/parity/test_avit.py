"""A-ViT against numbers that the paper's own code gave, at model level."""

import pytest
import torch

from prunarium import load

from .fixtures import close, fixtures, images_of, model_of, of_level

FIXTURES = fixtures("avit")


@pytest.mark.parametrize("name", of_level(FIXTURES, "model"))
def test_model(name):
    fixture = FIXTURES[name]
    expected, model, tolerance = fixture["outputs"], model_of(fixture), fixture["tolerance"]["float64"]
    method, outputs = load("a-vit", **fixture["params"]), []
    hook = model.blocks[0].register_forward_hook(lambda _, __, out: outputs.append(out))
    with torch.no_grad(), method.apply(model) as handle:
        logits = model(images_of(fixture))
        report, home = handle.report(), handle.source()
    hook.remove()
    assert report.per_sample(2).T.tolist() == expected["active_tokens_entering_block_per_image"]
    score = (method.gate_scale * outputs[0][..., 0] - method.gate_center).sigmoid()
    close(score[:, :12], expected["halting_score_block0_first12"], tolerance)
    ponder = handle.memory["halting"].ponder
    close(ponder[:, :12], expected["ponder_rho_first12"], 1e-5)
    close(ponder.mean(), expected["ponder_mean"][0], 1e-5)
    halting_block = ponder.ceil() - 2  # the blocks taken, and a rest above 0 and up to 1
    assert halting_block.tolist() == expected["halting_layer_of_token"]
    close(logits[:, :8], expected["logits_first8"], tolerance)
    close(logits.norm(dim=-1), expected["logits_l2"], tolerance * 10)
    assert logits.argmax(-1).tolist() == expected["logits_argmax"]
    assert (home == torch.arange(197)).all()  # every token is put back
