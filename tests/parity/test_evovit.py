"""Evo-ViT against numbers that the paper's own code gave."""

import pytest
import torch

from prunarium import load

from .fixtures import close, fixtures, images_of, model_of, of_level

FIXTURES = fixtures("evovit")


@pytest.mark.parametrize("name", of_level(FIXTURES, "model"))
def test_model(name):
    """The official model puts its head on the normalised mean of the patch tokens; that is done by hand here."""
    fixture = FIXTURES[name]
    expected, model = fixture["outputs"], model_of(fixture)
    rate, same = fixture["params"]["keep_ratio_stage2_stage3"]
    assert rate == same
    left = []
    hook = model.norm.register_forward_pre_hook(lambda module, args: left.append(args[0]))
    with torch.no_grad(), load("evo-vit", keep_rate=rate, tradeoff=0.5).apply(model) as handle:
        model(images_of(fixture))
        hook.remove()
        logits = model.head(model.norm(left[0][:, 1:].mean(dim=1)))
    close(logits[:, :8], expected["logits_first8"], 1e-6)
    close(logits.norm(dim=-1), expected["logits_l2"], 1e-5)
    assert logits.argmax(-1).tolist() == expected["logits_argmax"]
    report = handle.report()
    assert report.tokens_out == expected["tokens_processed_in_block"]
    for block in (4, 8):
        position = report.blocks[block].moves[-1].position
        assert (position[:, 1:] - 1).tolist() == expected[f"kept_order_at_block{block}"]
    assert left[0].shape[1] == 197
    assert handle.source().sort(dim=1).values.tolist() == [list(range(197))] * 2
