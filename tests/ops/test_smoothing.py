"""Pooling scores: each becomes the mean, or the largest, of those around it."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import smooth


@settings(deadline=None)
@given(st.integers(1, 12), st.sampled_from([1, 3, 5]), st.integers(0, 50))
def test_as_by_hand(tokens, kernel, seed):
    score = torch.rand(2, 3, tokens, generator=torch.Generator().manual_seed(seed))
    around = range(-(kernel // 2), kernel // 2 + 1)
    for sample, head, token in ((s, h, t) for s in range(2) for h in range(3) for t in range(tokens)):
        near = [score[sample, head, token + step].item() for step in around if 0 <= token + step < tokens]
        mean, most = smooth(score, kernel)[sample, head, token], smooth(score, kernel, "max")[sample, head, token]
        assert mean.item() == pytest.approx(sum(near) / kernel)
        assert most.item() == max(near)
