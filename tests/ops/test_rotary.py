"""Rotary embedding: put on, taken off, on a part of the head, and scaled."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import rotated, unrotated


def embedding(tokens, dim, first=0, scale=1.0):
    frequencies = 1 / 10000 ** (torch.arange(0, dim, 2, dtype=torch.double) / dim)
    angles = (torch.arange(tokens) + first)[:, None] * frequencies
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos() * scale, angles.sin() * scale


@settings(deadline=None)
@given(st.integers(0, 200), st.sampled_from([2, 4, 8]), st.floats(0.5, 2.0), st.integers(0, 20))
def test_taken_off_again(first, dim, scale, seed):
    x = torch.randn(2, 3, 5, 8, dtype=torch.double, generator=torch.Generator().manual_seed(seed))
    cos, sin = embedding(5, dim, first, scale)
    on = rotated(x, cos, sin)
    torch.testing.assert_close(unrotated(on, cos, sin), x)
    assert torch.equal(on[..., dim:], x[..., dim:])
    torch.testing.assert_close(on[..., :dim].norm(dim=-1), x[..., :dim].norm(dim=-1) * scale)


@given(st.integers(0, 50), st.integers(0, 50))
@settings(deadline=None)
def test_products_know_distances_alone(first, other):
    query, key = torch.randn(2, 1, 8, dtype=torch.double, generator=torch.Generator().manual_seed(1))
    near, far = (
        rotated(query, *embedding(1, 8, start + 3)) @ rotated(key, *embedding(1, 8, start)).T
        for start in (first, other)
    )
    torch.testing.assert_close(near, far)
