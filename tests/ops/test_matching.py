"""Other ways to merge what was matched: every token alike, the unmerged by rank."""

from dataclasses import replace

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import Tokens, bipartite_soft_matching


@settings(deadline=None, max_examples=25)
@given(st.integers(4, 15), st.integers(1, 7), st.integers(0, 2), st.integers(0, 99))
def test_alike_and_ranked(count, r, prefix, seed):
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(2, count + prefix, 3, generator=draw, dtype=torch.double)
    tokens = Tokens(x, prefix, torch.randint(1, 5, x.shape[:2], generator=draw).double())
    matching = bipartite_soft_matching(x, r, prefix)

    alike, unsized = matching.merge(tokens, alike=True), matching.merge(replace(tokens, size=None))
    assert torch.allclose(alike.x, unsized.x)
    assert torch.equal(alike.size, matching.merge(tokens).size)

    ranked, by_place = matching.merge(tokens, ranked=True), matching.merge(tokens)
    unmerged = matching.sources[:, matching.r :]
    assert torch.equal(ranked.moves[0].position[:, prefix : prefix + unmerged.shape[1]], unmerged)
    for sample in range(2):
        one, other = (merged.x[sample, merged.moves[0].position[sample].argsort()] for merged in (ranked, by_place))
        assert torch.equal(one, other)
