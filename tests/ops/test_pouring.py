"""Tokens poured into others."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import Tokens, groups, pour


@settings(deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.booleans(), st.integers(0, 99))
def test_means_by_size(sources, destinations, sized, seed):
    generator = torch.Generator().manual_seed(seed)
    count = sources + destinations
    x = torch.randn(1, count, 3, generator=generator).double()
    size = torch.randint(1, 5, (1, count), generator=generator).double() if sized else torch.ones(1, count).double()
    given_up = torch.arange(sources)[None]
    into = torch.randint(sources, count, (1, sources), generator=generator)
    share = torch.randint(0, 2, (1, sources), generator=generator).double()
    poured = pour(Tokens(x, size=size if sized else None), given_up, into, share)
    for place in range(sources, count):
        guests = [one for one in range(sources) if into[0, one] == place and share[0, one]]
        weight = size[0, [place, *guests]]
        assert torch.allclose(poured.x[0, place], (x[0, [place, *guests]] * weight[:, None]).sum(dim=0) / weight.sum())
        assert poured.size[0, place] == weight.sum()
    assert torch.allclose(poured.x[:, :sources], x[:, :sources])
    home = groups(poured.moves, 1, count)[0]
    assert home.tolist() == [int(into[0, one]) if share[0, one] else one for one in range(sources)] + list(
        range(sources, count)
    )
