"""Optimal transport: what the tokens hand out and the clusters take."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import sinkhorn


@settings(deadline=None)
@given(st.integers(1, 6), st.integers(1, 9), st.integers(0, 99))
def test_both_sides_are_served(clusters, tokens, seed):
    scores = torch.randn(2, clusters, tokens, generator=torch.Generator().manual_seed(seed)).double()
    plan = sinkhorn(scores, 300)
    assert (plan >= 0).all()
    assert torch.allclose(plan.sum(dim=1), torch.ones(2, tokens).double())
    assert torch.allclose(plan.sum(dim=2), torch.full((2, clusters), tokens / clusters).double(), atol=1e-6)


def test_a_constant_for_a_token_or_a_cluster_changes_nothing():
    generator = torch.Generator().manual_seed(0)
    scores, row, column = (
        torch.randn(shape, generator=generator).double() for shape in ((1, 4, 6), (1, 4, 1), (1, 1, 6))
    )
    assert torch.allclose(sinkhorn(scores + row + column, 300), sinkhorn(scores, 300), atol=1e-6)
