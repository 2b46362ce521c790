"""Destinations on a grid, and the way back to every token."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import Tokens, gather, grid_destinations, match_to, merge_groups


def test_one_destination_in_each_whole_cell():
    assert grid_destinations(3, 5).tolist() == [0, 2]
    assert grid_destinations(2, 4, (1, 2), torch.tensor([1, 0, 0, 1])).tolist() == [1, 2, 4, 7]
    assert grid_destinations(4, 2, choice=torch.tensor([3, 2])).tolist() == [3, 6]


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 99), height=st.integers(2, 6), width=st.integers(2, 6), r=st.integers(0, 40))
def test_there_and_back(seed, height, width, r):
    x = torch.randn(2, height * width, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.double)
    destinations = grid_destinations(height, width)
    group, count = match_to(x, destinations, r)
    assert count == height * width - min(r, height * width - len(destinations))
    merged = merge_groups(Tokens(x), group, count)
    assert merged.count == count
    assert torch.allclose((merged.x * merged.size.unsqueeze(-1)).sum(1), x.sum(1))
    back = gather(merged.x, group)
    alone = merged.size.gather(1, group) == 1
    assert torch.allclose(back[alone], x[alone])
    homes = group[:, destinations]
    assert homes.tolist() == [list(range(count - len(destinations), count))] * 2
