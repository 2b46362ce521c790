"""Outliers by the box-plot rule."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from prunarium.ops import upper_outliers


@given(st.integers(0, 1000), st.integers(2, 70), st.floats(-2, 3))
def test_as_numpy_counts_each_sample(seed, count, whiskers):
    score = torch.rand(3, count, generator=torch.Generator().manual_seed(seed), dtype=torch.double) ** 3
    for row, found in zip(score.numpy(), upper_outliers(score, whiskers), strict=True):
        low, high = np.percentile(row, [25, 75])
        assert found.tolist() == (row > high + whiskers * (high - low)).tolist()


def test_short_numbers():
    score = torch.tensor([[0.0, 0.1, 0.1, 0.2, 9.0]])
    assert upper_outliers(score.bfloat16()).tolist() == [[False, False, False, False, True]]
