"""Keeping different numbers of tokens in each sample, the others fused into one more."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import DROPPED, Tokens, groups


@settings(deadline=None, max_examples=60)
@given(st.lists(st.booleans(), min_size=12, max_size=12), st.integers(0, 2), st.booleans(), st.booleans())
def test_each_sample_is_as_alone(wanted, prefix, fuse, sized):
    wanted = torch.tensor(wanted).view(2, 6)
    x = torch.randn(2, prefix + 6, 3, generator=torch.Generator().manual_seed(0))
    size = torch.arange(2.0 * (prefix + 6)).view(2, -1) + 1 if sized else None
    fused = torch.full((2, 1, 3), 7.0) if fuse else None
    after = Tokens(x, prefix, size, original=prefix + 6).keep_where(wanted, fused)
    there = torch.ones(after.x.shape[:2], dtype=torch.bool) if after.there is None else after.there
    home, positions = groups(after.moves, 2, prefix + 6), after.positions()
    for sample in range(2):
        kept = [*range(prefix), *(prefix + wanted[sample].nonzero()[:, 0]).tolist()]
        real = there[sample]
        assert positions[sample][real].tolist() == kept + [DROPPED] * fuse
        expected = torch.cat([x[sample, kept], fused[sample]]) if fuse else x[sample, kept]
        assert torch.equal(after.x[sample][real], expected)
        for token in range(prefix + 6):
            held = home[sample, token]
            if token in kept:
                assert positions[sample, held] == token
            else:
                assert held == (after.count - 1 if fuse else DROPPED)
        if fuse and sized:
            assert after.size[sample][real].sum() == size[sample].sum()
