"""Inverse-transform sampling without chance, against the definition written out."""

import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from prunarium.ops import inverse_transform_sample

SCORES = st.integers(0, 999).flatmap(
    lambda seed: st.integers(3, 12).map(
        lambda count: torch.rand(count, generator=torch.Generator().manual_seed(seed), dtype=torch.double).tolist()
    )
)


def met(scores, points):
    """The definition: nearest height by height. Heights half-way between two sums are left to rounding."""
    order = sorted(range(len(scores)), key=lambda i: scores[i])
    total, sums = 0.0, []
    for i in order:
        total += scores[i]
        sums.append(total)
    sums = [(one - sums[0]) / (sums[-1] - sums[0]) for one in sums]
    first = min(one for one in sums if one > 0)
    heights = [first + (1 - first) * k / max(points - 1, 1) for k in range(points)]
    for height in heights:
        nearest, second = sorted(abs(one - height) for one in sums)[:2]
        assume(second - nearest > 1e-9)
    return {order[min(range(len(sums)), key=lambda i: abs(sums[i] - height))] for height in heights}


@settings(deadline=None)
@given(SCORES, st.integers(1, 30))
def test_it_is_the_definition(scores, points):
    sampled = inverse_transform_sample(torch.tensor([scores], dtype=torch.double), points)
    assert set(sampled[0].nonzero().flatten().tolist()) == met(scores, points)


@settings(deadline=None)
@given(SCORES, st.integers(1, 30), st.integers(1, 4), st.randoms())
def test_padding_takes_no_part(scores, points, padding, random):
    places = list(range(len(scores) + padding))
    random.shuffle(places)
    real = sorted(places[: len(scores)])
    assert met(scores, points)
    padded = torch.zeros(1, len(places), dtype=torch.double)
    padded[0, real] = torch.tensor(scores, dtype=torch.double)
    there = torch.zeros(1, len(places), dtype=torch.bool)
    there[0, real] = True
    alone = inverse_transform_sample(torch.tensor([scores], dtype=torch.double), points)
    together = inverse_transform_sample(padded, points, there)
    assert torch.equal(together[0, real], alone[0])
    assert not together[~there].any()


@settings(deadline=None)
@given(SCORES, st.integers(1, 30))
def test_laws(scores, points):
    sampled = inverse_transform_sample(torch.tensor([scores], dtype=torch.double), points)[0]
    assert 1 <= sampled.sum() <= min(points, len(scores) - 1)
    assert not sampled[scores.index(min(scores))]
    if points > 1:
        assert sampled[scores.index(max(scores))]


def test_one_token_alone_is_met():
    assert inverse_transform_sample(torch.tensor([[1.0]]), 4).tolist() == [[True]]
