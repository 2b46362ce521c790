"""Energy: high where many are alike."""

import torch

from prunarium.ops import energy


def test_it_is_the_definition_written_out():
    metric = torch.randn(2, 7, 3, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    found = energy(metric, 0.4)
    for sample in range(2):
        for i in range(7):
            above = [torch.cosine_similarity(metric[sample, i], metric[sample, j], dim=0) - 0.4 for j in range(7)]
            terms = [one if one >= 0 else one.exp() - 1 for one in above]
            assert torch.isclose(found[sample, i], sum(terms) / 7)


def test_a_token_alone_has_the_least():
    metric = torch.tensor([[[1.0, 0.0], [1.0, 0.1], [1.0, -0.1], [0.0, 1.0]]])
    assert energy(metric, 0.5).argmin() == 3
