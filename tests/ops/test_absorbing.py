"""Absorbing: means, sizes and the account of who went where."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import DROPPED, Tokens, absorb, groups, most_similar


@st.composite
def cases(draw):
    prefix, kept = draw(st.integers(0, 2)), draw(st.integers(1, 4))
    into = draw(st.lists(st.integers(0, kept - 1), max_size=5))
    places = draw(st.permutations(range(kept + len(into) + draw(st.integers(0, 2)))))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 99)))
    count = prefix + len(places)
    size = torch.randint(1, 5, (1, count), generator=generator).double() if draw(st.booleans()) else None
    tokens = Tokens(torch.randn(1, count, 3, generator=generator, dtype=torch.double), prefix, size)
    return tokens, places[:kept], places[kept : kept + len(into)], into


@settings(deadline=None)
@given(cases(), st.booleans())
def test_a_kept_token_becomes_the_mean_of_what_it_absorbs(case, alike):
    tokens, kept, gone, into = case
    before = tokens.x.clone()
    after = absorb(tokens, *(torch.tensor([part], dtype=torch.long) for part in (kept, gone, into)), alike=alike)
    prefix = tokens.prefix
    size = torch.ones(tokens.count).double() if tokens.size is None else tokens.size[0]
    assert torch.equal(tokens.x, before), "the tokens given must stay as they were"
    assert torch.allclose(after.x[:, :prefix], tokens.x[:, :prefix])
    home = groups(after.moves, 1, tokens.count)[0, prefix:].tolist()
    expected = [DROPPED] * (tokens.count - prefix)
    for number, seat in enumerate(kept):
        members = [seat, *(one for one, place in zip(gone, into, strict=True) if place == number)]
        for one in members:
            expected[one] = prefix + number
        rows = torch.tensor(members) + prefix
        weight = torch.ones(len(members)).double() if alike else size[rows]
        mean = (tokens.x[0, rows] * weight[:, None]).sum(dim=0) / weight.sum()
        assert torch.allclose(after.x[0, prefix + number], mean)
        assert torch.isclose(after.size[0, prefix + number], size[rows].sum())
    assert home == expected
    assert after.moves[0].position[0, prefix:].tolist() == [seat + prefix for seat in kept]


def test_the_most_similar_by_angle_and_not_by_length():
    sources = torch.tensor([[[1.0, 0.1], [0.0, 2.0]]])
    destinations = torch.tensor([[[0.0, 0.5], [9.0, 9.0], [3.0, 0.0]]])
    similarity, into = most_similar(sources, destinations)
    assert into.tolist() == [[2, 0]]
    assert torch.allclose(similarity[0, 1], torch.tensor(1.0))
