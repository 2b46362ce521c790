"""The masked softmax: the plain one where all keys are there, and the one over fewer keys where some are not."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from prunarium.ops import masked_softmax


@given(st.integers(1, 6), st.integers(2, 6), st.integers(0, 99))
def test_fewer_keys(queries, keys, seed):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, 3, queries, keys, generator=generator).double()
    there = torch.ones(2, keys).double()
    there[:, keys // 2 :] = 0
    assert torch.allclose(masked_softmax(logits, torch.ones_like(there)), logits.softmax(dim=-1), atol=1e-5)
    rows = masked_softmax(logits, there)
    assert torch.allclose(rows.sum(dim=-1), torch.ones(()).double(), atol=1e-5)
    if queries != keys:  # different tokens: what is not there gets nothing, but for eps
        few = logits[..., : keys // 2].softmax(dim=-1)
        assert torch.allclose(rows[..., : keys // 2], few, atol=1e-3)


def test_a_query_sees_itself_and_gradients_reach_the_mask():
    logits = torch.randn(1, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    there = torch.zeros(1, 4, requires_grad=True)
    rows = masked_softmax(logits, there)
    assert torch.allclose(rows, torch.eye(4).expand_as(rows), atol=1e-4)
    rows[..., 0].sum().backward()
    assert there.grad[0, 0] != 0
