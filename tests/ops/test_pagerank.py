"""Voting on the graph of attention."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import page_rank, rms_of_telling_heads


def attention(seed, count=9):
    draw = torch.Generator().manual_seed(seed)
    return (2 * torch.randn(2, 3, count, count, generator=draw, dtype=torch.double)).softmax(-1)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 99), rounds=st.integers(1, 40))
def test_scores_have_mean_one(seed, rounds):
    score = page_rank(attention(seed), rounds, torch.rand(2, 9).double() + 0.1)
    assert torch.allclose(score.mean(-1), torch.ones(2, 3).double())
    assert (score > 0).all()


def test_many_rounds_find_the_stationary_distribution():
    matrix = attention(0)
    score = page_rank(matrix, 200, torch.ones(2, 9))
    assert torch.allclose(score, torch.einsum("bhij,bhi->bhj", matrix, score))


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 99), left=st.sets(st.integers(0, 8), min_size=1))
def test_tokens_that_are_gone_are_as_if_cut_out(seed, left):
    matrix, index = attention(seed), torch.tensor(sorted(left))
    there = torch.zeros(2, 9, dtype=torch.bool).index_fill(1, index, True)
    score = page_rank(matrix, 3, torch.ones(2, 9), there)
    alone = page_rank(matrix[:, :, index][..., index], 3, torch.ones(2, len(index)))
    assert torch.allclose(score[..., index], alone)
    assert (score.masked_select(~there.unsqueeze(1)) == 0).all()
    assert torch.allclose(
        rms_of_telling_heads(score, 0.01, 0.7, there)[:, index], rms_of_telling_heads(alone, 0.01, 0.7)
    )


def test_heads_that_vary_too_little_or_too_much_do_not_count():
    flat, good, wild = torch.ones(4), torch.tensor([0.5, 1.5, 0.5, 1.5]), torch.tensor([0.0, 0.0, 0.0, 4.0])
    score = torch.stack([flat, good, wild])[None]
    assert torch.allclose(rms_of_telling_heads(score, 0.01, 0.7), good[None])
    assert torch.allclose(rms_of_telling_heads(score[:, [0, 2]], 0.01, 0.7)[0, 0], torch.tensor(0.5).sqrt())
