"""Squeezing: who hosts whom, with what weight, and that the training form gives the same."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import Tokens, groups, squeeze, squeeze_softly, thin


@settings(deadline=None)
@given(st.integers(0, 2), st.integers(1, 5), st.integers(0, 5), st.floats(0.3, 2), st.integers(0, 99))
def test_dropped_tokens_join_the_most_similar(prefix, count, gone, temperature, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, prefix + count + gone, 4, generator=generator).double()
    order = torch.randperm(count + gone, generator=generator)[None]
    kept, dropped = order[:, :count], order[:, count:]
    tokens = Tokens(x, prefix, original=x.shape[1])
    squeezed = squeeze(tokens, kept, dropped, temperature)
    home = groups(squeezed.moves, 1, x.shape[1])[0]
    patches = x[0, prefix:]
    alike = torch.nn.functional.cosine_similarity(patches[:, None], patches[None], dim=-1)
    for place, host in enumerate(kept[0].tolist()):
        guests = [one for one in dropped[0].tolist() if kept[0, alike[one, kept[0]].argmax()] == host]
        assert all(home[prefix + one] == prefix + place for one in guests)
        weights = torch.tensor([math.e, *(math.exp(alike[host, one] / temperature) for one in guests)]).double()
        mean = (patches[[host, *guests]] * weights[:, None]).sum(dim=0) / weights.sum()
        assert torch.allclose(squeezed.x[0, prefix + place], mean, atol=1e-4)
    assert torch.equal(squeezed.x[:, :prefix], x[:, :prefix])

    wanted = torch.zeros(1, count + gone).double().scatter(1, kept, 1.0).requires_grad_()
    softly = squeeze_softly(tokens, thin(tokens, wanted), temperature)
    assert torch.allclose(softly.x[:, prefix + kept[0]], squeezed.x[:, prefix:], atol=1e-9)
    softly.x.sum().backward()
    assert wanted.grad.isfinite().all()
