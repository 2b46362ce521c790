"""Matching in both directions, and the attention of what was merged."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import merge_attention, sides, two_way_matching


@st.composite
def matched(draw):
    prefix, count = draw(st.integers(0, 2)), draw(st.integers(2, 20))
    r = draw(st.integers(0, count // 2))
    first, second = sides(prefix)
    shape = (len(range(first, prefix + count, 2)), len(range(second, prefix + count, 2)))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 99)))
    score = torch.rand(2, *shape, generator=generator, dtype=torch.double)
    return prefix, count, r, score, two_way_matching(score, r, prefix)


@settings(deadline=None, max_examples=60)
@given(matched())
def test_groups(case):
    _, count, r, _, (group, seat) = case
    assert group.shape == (2, count)
    assert seat.shape == (2, count - r)
    places = torch.arange(count - r)
    for sample in range(2):
        assert sorted(set(group[sample].tolist())) == places.tolist()
        assert torch.equal(group[sample, seat[sample]], places)


def test_both_ways_by_hand():
    # four sources 0 2 4 6, four destinations 1 3 5 7
    score = torch.tensor([[[9, 1, 2, 3], [1, 1, 1, 8], [1, 2, 1, 1], [1, 1, 7, 1]]]).double()
    group, seat = two_way_matching(score, 3)
    # source 0 joins 1; then, without source 0, 7 joins 2 and 5 joins 6; of the rest 3 (best 2) comes before 1 (best 1)
    assert seat.tolist() == [[2, 4, 6, 3, 1]]
    assert group.tolist() == [[4, 4, 0, 3, 1, 2, 2, 0]]


@settings(deadline=None, max_examples=60)
@given(case=matched(), seed=st.integers(0, 99))
def test_merged_attention_by_hand(case, seed):
    prefix, count, _, _, (group, seat) = case
    draw = torch.Generator().manual_seed(seed)
    total, groups = prefix + count, prefix + seat.shape[1]
    matrix = torch.randn(2, 3, total, total, generator=draw, dtype=torch.double).softmax(-1)
    weight = torch.rand(2, count, generator=draw, dtype=torch.double) + 0.1
    merged = merge_attention(matrix, group, seat.shape[1], prefix, weight)
    assert merged.shape == (2, 3, groups, groups)
    assert torch.allclose(merged.sum(-1), torch.ones(2, 3, groups).double())
    for sample in range(2):
        home = torch.cat([torch.arange(prefix), group[sample] + prefix])
        belongs = (home == torch.arange(groups)[:, None]).double()
        share = belongs * torch.cat([torch.ones(prefix).double(), weight[sample]])
        by_hand = (share / share.sum(1, keepdim=True)) @ matrix[sample] @ belongs.T
        assert torch.allclose(merged[sample], by_hand)
