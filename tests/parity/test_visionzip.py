"""VisionZip against numbers that the paper's own code gave on tiny CLIP towers."""

import numpy as np
import pytest

from prunarium import load
from prunarium.ops import groups

from .vlm_models import cases, check_summary, tower_of

CASES = cases("visionzip")


@pytest.mark.parametrize("name", CASES)
def test_tower(name):
    case = CASES[name]
    params, expected = case["params"], case["outputs"]
    tokens, tower = tower_of(case)
    score = tower.cls_attention().sum(dim=1)
    np.testing.assert_allclose(score[:, :16], expected["score_sum_heads_first16"], rtol=1e-5)
    dominant, contextual = params["dominant_including_cls"], params["contextual"]
    zipped = load("visionzip", dominant=dominant, contextual=contextual).encode(tokens, tower)
    assert zipped.count == expected["output_length"]
    np.testing.assert_allclose(zipped.x.norm(dim=-1), expected["row_norms"], rtol=1e-6)
    for sample, summary in zip(zipped.x, expected["output"], strict=True):
        check_summary(sample, summary, 1e-5)

    position, home = zipped.positions(), groups(zipped.moves, len(tokens.x), tokens.count)
    for sample in range(len(tokens.x)):
        kept = expected["dominant_patches_spatial_order"][sample]
        targets = expected["target_patches"][sample]
        assert position[sample].tolist() == [-1, *kept, *[-1] * contextual]
        assert home[sample, kept].tolist() == list(range(1, dominant))
        assert home[sample, targets].tolist() == list(range(dominant, dominant + contextual))
        rest = [patch for patch in range(tokens.count) if patch not in {*kept, *targets}]
        into = expected["assignment_of_remaining_non_targets"][sample]
        assert (home[sample, rest] - dominant).tolist() == into
