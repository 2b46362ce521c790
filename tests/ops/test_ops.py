"""Laws of the building blocks: nothing is lost in a merge, nothing is made in a selection."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import (
    DROPPED,
    Tokens,
    bipartite_soft_matching,
    gather,
    groups,
    in_order,
    others,
    top,
    weight_of_rest,
)

shapes = st.tuples(st.integers(1, 3), st.integers(4, 40), st.integers(0, 3))


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@settings(max_examples=100, deadline=None)
@given(shape=shapes, r=st.integers(0, 30), seed=st.integers(0, 100), sized=st.booleans())
def test_merging_keeps_the_weighted_sum(shape, r, seed, sized):
    batch, count, prefix = shape
    x = draw(batch, count, 5, seed=seed)
    size = draw(batch, count, seed=seed + 1).abs().ceil() + 1 if sized else None
    tokens = Tokens(x, prefix, size)
    merged = bipartite_soft_matching(draw(batch, count, 4, seed=seed + 2), r, prefix).merge(tokens)
    r = min(r, (count - prefix) // 2)
    assert merged.count == count - r
    weight = torch.ones(batch, count, dtype=x.dtype) if size is None else size
    new_weight = torch.ones(batch, merged.count, dtype=x.dtype) if merged.size is None else merged.size
    assert torch.allclose(new_weight.sum(1), weight.sum(1))
    assert torch.allclose((merged.x * new_weight[..., None]).sum(1), (x * weight[..., None]).sum(1))
    assert torch.allclose(merged.x[:, :prefix], x[:, :prefix])

    home = groups(merged.moves, batch, count)
    for sample in range(batch):
        for token in range(merged.count):
            inside = home[sample] == token
            mean = (x[sample, inside] * weight[sample, inside, None]).sum(0) / weight[sample, inside].sum()
            assert torch.allclose(merged.x[sample, token], mean)


@settings(max_examples=100, deadline=None)
@given(shape=shapes, share=st.floats(0.05, 1), seed=st.integers(0, 100), fuse=st.booleans())
def test_keeping(shape, share, seed, fuse):
    batch, count, prefix = shape
    tokens = Tokens(draw(batch, count, 3, seed=seed), prefix, draw(batch, count, seed=seed + 1).abs() + 1)
    kept = max(1, int(share * tokens.reducible))
    index = top(draw(batch, tokens.reducible, seed=seed + 2), kept)
    fused = draw(batch, 1, 3, seed=seed + 3) if fuse else None
    after = tokens.keep(index, fused)
    assert after.count == prefix + kept + fuse
    assert torch.equal(after.x[:, prefix : prefix + kept], gather(tokens.x[:, prefix:], index))
    home = groups(after.moves, batch, count)
    rest = after.count - 1 if fuse else DROPPED
    assert (home == rest).sum() == batch * (tokens.reducible - kept)
    assert torch.equal(home[:, :prefix], torch.arange(prefix).expand(batch, -1))
    if fuse:
        assert torch.allclose(after.size.sum(1), tokens.size.sum(1))


@settings(max_examples=50, deadline=None)
@given(shape=shapes, seed=st.integers(0, 100))
def test_keeping_different_numbers_and_fusing_the_rest(shape, seed):
    """Each sample is as if it were alone, with padding between what it keeps and the fused token."""
    batch, count, prefix = shape
    size = draw(batch, count, seed=seed + 1).abs() + 1
    tokens = Tokens(draw(batch, count, 3, seed=seed), prefix, size, original=count)
    index = top(draw(batch, tokens.reducible, seed=seed + 2), tokens.reducible - tokens.reducible // 4)
    there = draw(*index.shape, seed=seed + 3) > 0
    fused = draw(batch, 1, 3, seed=seed + 4)
    after = tokens.keep(index, fused, there)
    left = torch.ones(batch, after.count, dtype=torch.bool) if after.there is None else after.there
    home, positions = groups(after.moves, batch, count), after.positions()
    for one in range(batch):
        sample = Tokens(tokens.x[one, None], prefix, size[one, None], original=count)
        alone = sample.keep(index[one, None, there[one]], fused[one, None])
        assert torch.equal(after.x[one, left[one]], alone.x[0])
        assert torch.allclose(after.size[one, left[one]], alone.size[0])
        assert torch.equal(positions[one, left[one]], alone.positions()[0])
        renumbered = left[one].cumsum(0) - 1
        assert torch.equal(renumbered[home[one]], groups(alone.moves, 1, count)[0])


@settings(max_examples=50, deadline=None)
@given(shape=shapes, seed=st.integers(0, 100))
def test_others(shape, seed):
    batch, count, some = shape
    index = top(draw(batch, count, seed=seed), some)
    for row, rest in zip(index.tolist(), others(index, count).tolist(), strict=True):
        assert rest == [number for number in range(count) if number not in row]


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 1000))
def test_moves_compose(seed):
    """Where tokens went after two steps is where they went after one, then after the other."""
    tokens = Tokens(draw(2, 20, 4, seed=seed), prefix=1)
    once = bipartite_soft_matching(tokens.x, 5, 1).merge(tokens)
    twice = once.keep(in_order(top(draw(2, once.reducible, seed=seed + 1), 6)))
    first, second = groups(once.moves, 2, 20), groups(twice.moves[1:], 2, once.count)
    assert torch.equal(groups(twice.moves, 2, 20), second.gather(1, first))


def test_matching_is_literal():
    """Against the paper's words, one pair at a time (section 3, 'bipartite soft matching')."""
    metric, prefix, r = draw(1, 17, 6), 1, 4
    a, b = range(2, 17, 2), range(1, 17, 2)
    unit = torch.nn.functional.normalize(metric[0], dim=-1)
    edges = sorted(((max((float(unit[i] @ unit[j]), j) for j in b), i) for i in a), reverse=True)[:r]
    merged = bipartite_soft_matching(metric, r, prefix).merge(Tokens(metric, prefix))
    home = groups(merged.moves, 1, 17)[0]
    expected = {(i, j) for (_, j), i in edges}
    assert expected == {(i, j) for i in a for j in b if home[i] == home[j]}


def test_weight_of_rest():
    score = torch.tensor([[0.1, 0.4, 0.2, 0.3]])
    kept = top(score, 2)
    assert kept.tolist() == [[1, 3]]
    assert weight_of_rest(score, kept) == pytest.approx(torch.tensor([[0.1, 0, 0.2, 0]]))
