"""What the parity tests of the methods share that choose or cluster tokens at a few blocks."""

import numpy as np
import torch

from .fixtures import close, images_of, model_of


def settings(fixture: dict) -> dict:
    """Where and how much a recorded model reduces, in our words."""
    params = fixture["params"]
    return {
        "keep_rate": params["keep_rate"],
        "blocks": tuple(params["blocks"] if "blocks" in params else params["reduction_blocks"]),
    }


def check_slices(x: torch.Tensor, expected: dict, tolerance: float) -> None:
    """The first and the last tokens have the recorded first channels."""
    for name, theirs in (("slice_first_tokens_channels", x), ("slice_last_tokens_channels", x.flip(1))):
        shown = np.asarray(expected[name])
        ours = theirs[:, : shown.shape[1], : shown.shape[2]]
        close(ours if theirs is x else ours.flip(1), shown, tolerance)


def check_model(method, fixture: dict):
    """A model with the method in it keeps the recorded tokens, clusters and answers; returns its handle."""
    expected, model, tolerance = fixture["outputs"], model_of(fixture), fixture["tolerance"]["float64"]
    with torch.no_grad(), method.apply(model) as handle:
        logits = model(images_of(fixture))
    report = handle.report()
    assert report.tokens_out == expected["tokens_after_block"]
    close(logits[:, :8], expected["logits_first8"], tolerance)
    close(logits.norm(dim=-1), expected["logits_l2"], tolerance * 10)
    assert logits.argmax(-1).tolist() == expected["logits_argmax"]
    for block in method.blocks:
        (move,) = report.blocks[block].moves
        if theirs := expected.get(f"kept_or_centres_at_block{block}"):
            assert (move.position[:, 1:] - 1).tolist() == theirs
        if theirs := expected.get(f"assignment_at_block{block}"):
            assert (move.group()[:, 1:] - 1).tolist() == theirs
    return handle
