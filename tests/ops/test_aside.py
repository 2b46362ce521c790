"""Tokens that are set aside come back as they were, and the account knows it."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import DROPPED, Tokens, groups, set_aside, take_back


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 99), prefix=st.integers(0, 2), count=st.integers(2, 12), sized=st.booleans(), data=st.data())
def test_there_and_back(seed, prefix, count, sized, data):
    on = data.draw(st.integers(1, count))
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(2, prefix + count, 3, generator=draw)
    size = torch.randint(1, 9, (2, prefix + count), generator=draw).float() if sized else None
    order = torch.rand(2, count, generator=draw).argsort(1)
    going, aside = set_aside(Tokens(x, prefix, size), order, on)
    assert going.count == prefix + on
    assert torch.equal(going.x[:, :prefix], x[:, :prefix])
    assert (groups(going.moves, 2, prefix + count) == DROPPED).sum() == 2 * (count - on)
    back = take_back(going, aside)
    home = groups(back.moves, 2, prefix + count)
    assert torch.equal(back.x.gather(1, home.unsqueeze(-1).expand_as(x)), x)
    assert sized == (back.size is not None)
    if sized:
        assert torch.equal(back.size.gather(1, home), size)


def test_what_merged_meanwhile_counts_beside_what_waited():
    going, aside = set_aside(Tokens(torch.arange(4.0).view(1, 4, 1)), torch.tensor([[3, 1, 0, 2]]), 2)
    back = take_back(going.moved(going.x, torch.tensor([[1.0, 5.0]]), going.moves[0]), aside)
    assert back.size.tolist() == [[1, 5, 1, 1]]
    assert back.x.flatten().tolist() == [3, 1, 0, 2]
