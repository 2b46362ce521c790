"""ATS against numbers that the paper's own code gave, at function and model level.

In the official code what an image keeps depends on its batch: once it carries padding, its lowest-scored token may be
sampled. Leaving out ``there`` makes the shared function do the same: padding then counts as tokens of score 0.
"""

import numpy as np
import pytest
import torch

from prunarium import load
from prunarium.ops import attention_times_value, inverse_transform_sample

from . import recipe
from .fixtures import close, drawn, fixtures, images_of, model_of, of_level

FIXTURES = fixtures("ats")


@pytest.mark.parametrize("name", of_level(FIXTURES, "function"))
def test_sampling(name):
    fixture = FIXTURES[name]
    given, expected, tolerance = fixture["input"], fixture["outputs"], fixture["tolerance"]["float32"]
    attention = recipe.attention(given["attention"]["seed"], given["attention"]["shape"], given["attention"]["gain"])
    score = attention_times_value(attention[:, :, 0], drawn(given["v"]), prefix=1)
    close(score[:, :16], expected["scores_first16_original_order"], tolerance)
    sampled = inverse_transform_sample(score, fixture["params"]["n_ref"] - 1)
    assert sampled.sum(dim=1).tolist() == expected["counts_excl_cls"]
    for row, theirs in zip(sampled, expected["sampled_positions_incl_offset_1"], strict=True):
        assert set((row.nonzero().flatten() + 1).tolist()) == set(theirs)


def run(name, method):
    """Logits, how many tokens each image keeps in every block, and the report."""
    fixture = FIXTURES[name]
    model, images = model_of(fixture), images_of(fixture)
    with torch.no_grad(), method.apply(model) as handle:
        logits = model(images)
        report = handle.report()
    return logits, report.per_sample(len(images)) - 1, report


def positions(report, block, image):
    """What an image keeps at a block that it enters without padding."""
    kept = report.blocks[block].moves[0].position[image]
    return set(kept[kept > 0].tolist())


@pytest.mark.parametrize("name", of_level(FIXTURES, "model"))
def test_model_with_the_official_rule(name, monkeypatch):
    """With padding sampled from as the official code does, everything agrees for every image of the batch."""
    fixture = FIXTURES[name]
    expected, blocks = fixture["outputs"], fixture["params"]["ats_blocks"]
    method = load("ats", blocks=blocks)
    module = __import__(type(method).__module__, fromlist=["inverse_transform_sample"])
    monkeypatch.setattr(
        module, "inverse_transform_sample", lambda score, points, there=None: inverse_transform_sample(score, points)
    )
    logits, counts, report = run(name, method)
    assert counts[:, blocks].T.tolist() == expected["sampled_count_per_image_excl_cls"]
    assert report.tokens_out == expected["tokens_after_block_padded"]
    close(logits[:, :8], expected["logits_first8"], fixture["tolerance"]["float32"])
    assert logits.argmax(-1).tolist() == expected["logits_argmax"]
    for image, theirs in enumerate(expected["sampled_at_block3"]):
        assert positions(report, 3, image) == set(theirs)


@pytest.mark.parametrize("name", of_level(FIXTURES, "model"))
def test_model(name):
    """With the rule of this package an image that never carries padding agrees, and so does every first step."""
    fixture = FIXTURES[name]
    expected, blocks = fixture["outputs"], fixture["params"]["ats_blocks"]
    theirs = np.asarray(expected["sampled_count_per_image_excl_cls"])
    logits, counts, _ = run(name, load("ats", blocks=blocks))
    ours = counts[:, blocks].T.numpy()
    assert (ours[0] == theirs[0]).all()
    never_padded = (theirs == theirs.max(axis=1, keepdims=True)).all(axis=0)
    assert (ours[:, never_padded] == theirs[:, never_padded]).all()
    close(logits[never_padded, :8], np.asarray(expected["logits_first8"])[never_padded], 1e-3)
    assert np.abs(ours - theirs).max() <= 3
