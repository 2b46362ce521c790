"""Clustering: what a density peak, a medoid and a bottom-up cluster are, against slow and literal versions."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium import PrunariumError
from prunarium.ops import agglomerate, density_peaks, k_medoids


@st.composite
def clouds(draw):
    """Tokens of two samples, and how many clusters to make of them."""
    tokens = draw(st.integers(3, 9))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 999)))
    return torch.randn(2, tokens, 3, generator=generator, dtype=torch.double), draw(st.integers(1, tokens - 1))


def nearest(sample, centres):
    """The number of each token's nearest centre."""
    return [min(range(len(centres)), key=lambda j: math.dist(token, sample[centres[j]])) for token in sample]


@settings(deadline=None)
@given(clouds(), st.integers(2, 12))  # of 2, nearest to each other, the densities tie: the first is the denser
def test_density_peaks(cloud, neighbours):
    x, count = cloud
    centres, group = density_peaks(x, count, neighbours)
    for sample, found, theirs in zip(x.tolist(), centres.tolist(), group.tolist(), strict=True):
        apart = [[math.dist(one, other) for other in sample] for one in sample]
        density = [
            math.exp(-sum(d * d / 3 for d in near[:neighbours]) / len(near[:neighbours])) for near in map(sorted, apart)
        ]
        score = []
        for i, row in enumerate(apart):
            denser = [row[j] for j in range(len(sample)) if (density[j], -j) > (density[i], -i)]
            score.append(density[i] * min(denser, default=max(map(max, apart))))
        assert found == sorted(range(len(sample)), key=lambda i: -score[i])[:count]
        assert theirs == nearest(sample, found)


@settings(deadline=None)
@given(clouds(), st.integers(0, 3))
def test_medoids(cloud, rounds):
    x, count = cloud
    weight = x.abs().sum(dim=-1) + 0.1
    medoids, group = k_medoids(x, weight, count, rounds)
    for sample, heavy, found, theirs in zip(x.tolist(), weight.tolist(), medoids.tolist(), group.tolist(), strict=True):
        cost = [w * sum(math.dist(one, other) for other in sample) for w, one in zip(heavy, sample, strict=True)]
        slow = sorted(range(len(sample)), key=lambda i: -heavy[i])[:count]
        for _ in range(rounds):
            home = nearest(sample, slow)
            slow = [min((i for i in range(len(sample)) if home[i] == j), key=lambda i: cost[i]) for j in range(count)]
        assert found == slow
        assert theirs == nearest(sample, slow)
    assert torch.equal(k_medoids(x, 7 * weight, count, rounds)[1], group)


@settings(deadline=None)
@given(clouds(), st.sampled_from(["average", "complete", "single"]))
def test_bottom_up(cloud, linkage):
    x, count = cloud
    far = {"average": lambda d: sum(d) / len(d), "complete": max, "single": min}[linkage]
    found = agglomerate(x, count, linkage)
    for sample, theirs in zip(torch.nn.functional.normalize(x, dim=-1), found.tolist(), strict=True):
        apart = (1 - sample @ sample.T).tolist()
        clusters = [[i] for i in range(len(sample))]
        while len(clusters) > count:
            pairs = itertools.combinations(clusters, 2)
            one, other = min(pairs, key=lambda pair: far([apart[i][j] for i in pair[0] for j in pair[1]]))
            clusters = [c for c in clusters if c not in (one, other)] + [one + other]
        number = {i: n for n, cluster in enumerate(sorted(clusters, key=min)) for i in cluster}
        assert theirs == [number[i] for i in range(len(sample))]


@pytest.mark.parametrize("linkage", ["average", "complete", "single"])
def test_equal_tokens_make_as_many_clusters_as_asked(linkage):
    x = torch.ones(2, 6, 3)
    for group in (agglomerate(x, 4, linkage), density_peaks(x, 4, 5)[1], k_medoids(x, x[..., 0], 4, 3)[1]):
        assert all(set(row) == {0, 1, 2, 3} for row in group.tolist())


def test_far_apart_tokens_still_differ_in_density():
    x = 1e3 * torch.tensor([[[0.0], [3.0], [3.1], [3.3], [9.0], [9.4]]])
    assert density_peaks(x, 2, 3)[0].tolist() == [[2, 1]]


def test_half_precision():
    x = torch.randn(1, 40, 8, generator=torch.Generator().manual_seed(0)).bfloat16()
    for one, other in zip(density_peaks(x, 9, 5), density_peaks(x.float(), 9, 5), strict=True):
        assert torch.equal(one, other)


def test_what_is_not_finite_is_refused():
    with pytest.raises(PrunariumError, match="not finite"):
        agglomerate(torch.full((1, 4, 2), torch.nan), 2, "single")
