"""Growing a set of tokens by those that it covers worst."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import expand


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 99), begin=st.integers(1, 4), steps=st.lists(st.integers(0, 4), max_size=3))
def test_by_hand(seed, begin, steps):
    count = 20
    metric = torch.randn(2, count, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.double)
    chosen, nearest = expand(metric, torch.arange(begin) * 3, steps)
    unit = metric / metric.norm(dim=-1, keepdim=True)
    for sample in range(2):
        cosine = unit[sample] @ unit[sample].T
        taken = [3 * i for i in range(begin)]
        for step in steps:
            left = [i for i in range(count) if i not in taken]
            taken += sorted(left, key=lambda i: cosine[i, taken].max().item())[:step]
        assert chosen[sample].tolist() == taken
        expected = [taken.index(i) if i in taken else cosine[i, taken].argmax().item() for i in range(count)]
        assert nearest[sample].tolist() == expected
