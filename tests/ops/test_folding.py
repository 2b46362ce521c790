"""Folding: down to any number of tokens, in their order, with nothing lost."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import Tokens, bipartite_soft_matching, fold, groups, summed


@st.composite
def cases(draw):
    prefix, count = draw(st.integers(0, 1)), draw(st.integers(1, 24))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 99)))
    x = torch.randn(2, prefix + count, 4, generator=generator, dtype=torch.double)
    size = torch.randint(1, 4, x.shape[:2], generator=generator).double() if draw(st.booleans()) else None
    worth = torch.rand(x.shape[:2], generator=generator, dtype=torch.double) if draw(st.booleans()) else None
    return Tokens(x, prefix, size, original=prefix + count), prefix + draw(st.integers(1, count)), worth


@settings(deadline=None, max_examples=60)
@given(cases())
def test_every_token_lives_on_in_a_mean(case):
    tokens, left, worth = case
    after = fold(tokens, left, worth=worth)
    assert after.count == left
    if left == tokens.count:
        assert after is tokens
        return
    size = torch.ones(tokens.x.shape[:2]).double() if tokens.size is None else tokens.size
    home = groups(after.moves, 2, tokens.count)
    belongs = (home.unsqueeze(1) == torch.arange(left)[:, None]).double() * size.unsqueeze(1)
    assert torch.allclose(after.size, belongs.sum(dim=2))
    assert torch.allclose(after.x, belongs @ tokens.x / belongs.sum(dim=2, keepdim=True))
    positions = after.positions()
    assert torch.equal(positions, positions.sort(dim=1).values)


def test_the_metric_goes_with_the_tokens():
    draw = torch.Generator().manual_seed(0)
    x, metric = (torch.randn(1, 12, 3, generator=draw, dtype=torch.double) for _ in range(2))
    beside = fold(Tokens(x, original=12), 3, metric)
    itself = fold(Tokens(metric, original=12), 3)
    assert torch.equal(groups(beside.moves, 1, 12), groups(itself.moves, 1, 12))


def test_tokens_of_worth_merge_last_and_their_worth_adds_up():
    x = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.2, 0.9], [-1.0, 0.0], [-1.0, 0.1]]).unsqueeze(0)
    worth = torch.tensor([[5.0, 0.0, 0.0, 1.0, 5.0, 0.0]])
    merged = bipartite_soft_matching(x, 1, worth=worth).merge(Tokens(x), in_place=True)
    assert groups(merged.moves, 1, 6).tolist() == [[0, 1, 2, 2, 3, 4]]
    assert summed(worth, merged).tolist() == [[5.0, 0.0, 1.0, 5.0, 0.0]]
