"""Pooling neighbours in texts of different lengths."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from prunarium.ops import DROPPED, Tokens, pool_neighbours


@given(st.data())
def test_runs_are_as_equal_as_can_be_and_each_gives_its_mean(data):
    lengths = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=3))
    rate = data.draw(st.floats(0.1, 1.0))
    runs = [-(-length * rate // 1) for length in lengths]
    longest, counts = max(lengths), torch.tensor(runs).long()
    x = torch.rand(len(lengths), longest + 1, 1, generator=torch.Generator().manual_seed(1))
    there = torch.arange(longest + 1) <= torch.tensor(lengths).unsqueeze(1)
    pooled = pool_neighbours(Tokens(x, prefix=1, there=there), counts)
    home, position = pooled.moves[0].group(), pooled.moves[0].position
    assert pooled.x.isfinite().all()
    for row, length in enumerate(lengths):
        runs_here = int(counts[row])
        mine = (home[row, 1 : length + 1] - 1).tolist()
        assert mine == sorted(mine) and set(mine) == set(range(runs_here))
        sizes = [mine.count(run) for run in range(runs_here)]
        assert max(sizes) - min(sizes) <= 1
        for run in range(runs_here):
            members = [place + 1 for place, at in enumerate(mine) if at == run]
            assert torch.allclose(pooled.x[row, run + 1], x[row, members].mean(dim=0))
            assert position[row, run + 1] == members[0]
        assert (position[row, runs_here + 1 :] == DROPPED).all()
        real = torch.ones(pooled.count, dtype=torch.bool) if pooled.there is None else pooled.there[row]
        assert real.tolist() == [True] * (runs_here + 1) + [False] * (pooled.count - runs_here - 1)
