"""Saliency from sharp attention, and merging by shares."""

import torch

from prunarium.ops import Tokens, bipartite_soft_matching, sharpness_saliency


def test_sharp_rows_stand_out():
    flat = torch.full((6,), 1 / 6)
    sharp, sharper = torch.tensor([0.5, 0.5, 0, 0, 0, 0]), torch.tensor([1.0, 0, 0, 0, 0, 0])
    attention = torch.stack([sharper, flat, flat, sharp, sharper, flat]).expand(2, 3, 6, 6)
    saliency = sharpness_saliency(attention, prefix=1)
    assert saliency.shape == (2, 5)
    assert saliency[0, [0, 1, 4]].tolist() == [0, 0, 0]
    assert saliency[0, 3] == 1
    assert 0 < saliency[0, 2] < 1


def test_attention_that_is_the_same_everywhere_has_no_salient_token():
    assert (sharpness_saliency(torch.full((1, 1, 4, 4), 0.25)) == 0).all()


def test_a_token_counts_as_far_as_its_share():
    draw = torch.Generator().manual_seed(0)
    x, share = torch.randn(2, 9, 3, generator=draw).double(), torch.rand(2, 8, generator=draw).double()
    matching = bipartite_soft_matching(x, 3, prefix=1)
    whole, none = matching.merge(Tokens(x, 1)), matching.merge(Tokens(x, 1), share=torch.zeros_like(share))
    some = matching.merge(Tokens(x, 1), share=share)
    assert torch.equal(none.x, x.gather(1, none.moves[0].position.unsqueeze(-1).expand_as(none.x)))
    assert (none.size == 1).all()
    assert torch.allclose(matching.merge(Tokens(x, 1), share=torch.ones_like(share)).x, whole.x)
    gone = whole.size.sum(1) - some.size.sum(1)
    sources = matching.sources[:, :3] - 1
    assert torch.allclose(gone, (1 - share.gather(1, sources)).sum(1))
