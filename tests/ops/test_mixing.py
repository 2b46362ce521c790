"""Mixtures of tokens."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import DROPPED, Tokens, groups, mix


@settings(deadline=None)
@given(st.integers(0, 2), st.integers(1, 5), st.integers(1, 6), st.integers(0, 99))
def test_new_tokens_are_weighted_sums(prefix, new, old, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(2, prefix + old, 3, generator=generator)
    weight = torch.rand(2, new, old, generator=generator)
    mixed = mix(Tokens(x, prefix), weight)
    assert torch.equal(mixed.x[:, :prefix], x[:, :prefix])
    for number in range(new):
        by_hand = (weight[:, number, :, None] * x[:, prefix:]).sum(dim=1)
        assert torch.allclose(mixed.x[:, prefix + number], by_hand, atol=1e-6)
    home = groups(mixed.moves, 2, prefix + old)
    assert home[:, :prefix].tolist() == [list(range(prefix))] * 2
    assert torch.equal(home[:, prefix:] - prefix, weight.argmax(dim=1))
    assert (mixed.moves[0].position[:, prefix:] == DROPPED).all()
