"""Keeping lengths when tokens merge."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import Tokens, bipartite_soft_matching, groups, with_largest_norm


@settings(deadline=None)
@given(st.integers(0, 50), st.integers(0, 2), st.integers(1, 5))
def test_the_length_is_the_longest_and_the_direction_stays(seed, prefix, r):
    x = torch.randn(2, 12 + prefix, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.double)
    tokens = Tokens(x, prefix)
    merged = bipartite_soft_matching(x, r, prefix).merge(tokens)
    after = with_largest_norm(merged, tokens)
    home = groups(merged.moves, 2, tokens.count)
    for sample in range(2):
        for token in range(after.count):
            longest = x[sample, home[sample] == token].norm(dim=1).max()
            assert torch.isclose(after.x[sample, token].norm(), longest)
            angle = torch.cosine_similarity(after.x[sample, token], merged.x[sample, token], dim=0)
            assert torch.isclose(angle, torch.ones_like(angle))
