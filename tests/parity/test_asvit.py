"""AS-ViT against numbers that the paper's own code gave, at model level.

Of a batch, the official code keeps the average number of tokens above the threshold in every image, by falling score;
the method here keeps every image's own. The test puts the official rule in its place to compare with the batch of two.
"""

from typing import ClassVar

import pytest
import torch

from prunarium import registry
from prunarium.ops import top

from .fixtures import close, fixtures, images_of, model_of

FIXTURES = fixtures("asvit")


class Watched(registry.load_class("as-vit")):
    """Notes the scores it sees; ``together`` picks by the official rule for batches."""

    together: bool = False
    seen: ClassVar[dict] = {}

    def reduce(self, tokens, attention, block):
        score = self.score(attention)[:, 1:]
        above = score > self.learned["thresholds"][self.blocks.index(block)] / tokens.original
        self.seen[block] = score, above
        if self.together:
            return tokens.keep(top(score, int(above.sum()) // len(score)))
        return super().reduce(tokens, attention, block)


def run(fixture, together, images=slice(None)):
    params = fixture["params"]
    method = Watched(blocks=tuple(params["pruning_blocks"]), together=together, weights="random")
    model = model_of(fixture)
    with torch.no_grad(), method.apply(model) as handle:
        handle.learned["thresholds"].copy_(torch.tensor(params["thresholds"]) * 197)
        return model(images_of(fixture)[images]), handle.report(), dict(Watched.seen)


@pytest.mark.parametrize(("name", "together"), [("asvit-m1-b2", True), ("asvit-m2-b1", False)])
def test_model(name, together):
    fixture = FIXTURES[name]
    expected, tolerance = fixture["outputs"], fixture["tolerance"]["float64"]
    logits, report, seen = run(fixture, together)
    assert report.tokens_out == expected["tokens_after_block"]
    for block, (score, above) in seen.items():
        close(score[:, :8], expected[f"score_first8_block{block}"], tolerance)
        assert (report.blocks[block].moves[0].position[:, 1:] - 1).tolist() == expected[f"kept_at_block{block}"]
        assert above.sum(dim=1).tolist() == expected.get(f"n_above_threshold_block{block}", above.sum(dim=1).tolist())
    close(logits[:, :8], expected["logits_first8"], tolerance)
    close(logits.norm(dim=-1), expected["logits_l2"], tolerance * 10)
    assert logits.argmax(-1).tolist() == expected["logits_argmax"]


def test_every_image_of_a_batch_keeps_its_own():
    """The difference that the card names: as many tokens as are above the threshold, in their order."""
    fixture = FIXTURES["asvit-m1-b2"]
    logits, report, _ = run(fixture, together=False)
    assert (report.per_sample(2)[:, 3] - 1).tolist() == fixture["outputs"]["n_above_threshold_block3"]
    alone = torch.cat([run(fixture, together=False, images=slice(i, i + 1))[0] for i in range(2)])
    close(logits, alone, 1e-9)
