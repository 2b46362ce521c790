"""What the parity tests of the methods that mix tokens share."""

import numpy as np
import torch

from .fixtures import close, images_of, model_of
from .learned_parts import with_recorded_parts


def check_model(name: str, fixture: dict, folder, names: list[str], **parameters) -> None:
    """A model with the method in it gives the recorded mixtures and answers."""
    params, expected, model = fixture["params"], fixture["outputs"], model_of(fixture)
    blocks, rate = tuple(params["reduction_blocks"]), params["keep_rate"]
    asked = {"counts": tuple(rate)} if isinstance(rate, list) else {"keep_rate": rate}
    method = with_recorded_parts(name, fixture, model, folder, names, blocks=blocks, **asked, **parameters)
    tolerance, weights = fixture["tolerance"]["float64"], {}
    with torch.no_grad(), method.apply(model) as handle:
        for stage, block in enumerate(blocks):
            part = handle.learned[stage]
            part.register_forward_hook(lambda _, __, out, block=block: weights.update({block: out[0]}))
        logits = model(images_of(fixture))
    assert handle.report().tokens_out == expected["tokens_after_block"]
    for block in blocks:
        shown = np.asarray(expected[f"soft_assignment_block{block}_slice4x6"])
        close(weights[block][:, : shown.shape[1], : shown.shape[2]], shown, tolerance)
        close(weights[block].flatten(1).norm(dim=1), expected[f"soft_assignment_block{block}_l2"], tolerance * 10)
    close(logits[:, :8], expected["logits_first8"], tolerance)
    close(logits.norm(dim=-1), expected["logits_l2"], tolerance * 10)
    assert logits.argmax(-1).tolist() == expected["logits_argmax"]
