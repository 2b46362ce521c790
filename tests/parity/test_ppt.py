"""PPT against numbers that the paper's own code gave, at model level: its two branches, and both in one batch."""

import pytest
import torch

from prunarium import load
from prunarium.ops import attention_times_value

from .fixtures import close, fixtures, images_of, model_of, of_level

FIXTURES = fixtures("ppt")


class Watched:
    """Remembers the scores that a method works with."""

    def __init__(self, monkeypatch, method):
        self.scores = []
        module = __import__(type(method).__module__, fromlist=["attention_times_value"])
        monkeypatch.setattr(module, "attention_times_value", self.score)

    def score(self, *args):
        self.scores.append(attention_times_value(*args))
        return self.scores[-1]


@pytest.mark.parametrize("name", of_level(FIXTURES, "model"))
def test_model(name, monkeypatch):
    fixture = FIXTURES[name]
    params, expected, model = fixture["params"], fixture["outputs"], model_of(fixture)
    method = load(
        "ppt",
        r=params["r"],
        blocks=params["blocks"],
        threshold=params["variance_threshold"],
        proportional_attention=params["prop_attn"],
    )
    watched = Watched(monkeypatch, method)
    with torch.no_grad(), method.apply(model) as handle:
        logits = model(images_of(fixture))
        size = model.blocks[11].forward.__self__.passage.size
    close(logits[:, :8], expected["logits_first8"], fixture["tolerance"]["float64"])
    close(logits.norm(dim=-1), expected["logits_l2"], 1e-5)
    assert logits.argmax(-1).tolist() == expected["logits_argmax"]
    assert handle.report().tokens_out == expected["tokens_after_block"]
    variances = torch.stack([score.var(dim=1) for score in watched.scores])
    close(variances, expected["score_variance_per_image"], 1e-9)
    branches = [["pool" if one < method.threshold else "prune" for one in row] for row in variances]
    assert branches == expected["branch_per_image"]
    close(watched.scores[0][:, :12], expected["score_first12_at_first_location"], 1e-8)
    close(size, expected["size_final"], 0)
