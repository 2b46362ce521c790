"""The network that says which tokens to keep."""

import torch

from prunarium.ops import KeepPredictor, Tokens


def test_tokens_that_are_not_there_do_not_count_in_the_mean():
    torch.manual_seed(0)
    predictor, x = KeepPredictor(16), torch.randn(2, 7, 16)
    there = torch.tensor([[1.0, 1, 1, 1, 0, 0, 0]]).expand(2, -1)
    assert torch.allclose(predictor(x, there)[:, :4], predictor(x[:, :4]), atol=1e-6)
    assert torch.allclose(predictor(x).exp().sum(dim=-1), torch.ones(2, 7), atol=1e-6)
    assert predictor(x, torch.zeros(2, 7)).isfinite().all()


def test_thinning_only_takes_away():
    torch.manual_seed(0)
    predictor, x = KeepPredictor(16), torch.randn(3, 12, 16, requires_grad=True)
    once = predictor.thin(Tokens(x, prefix=2, original=12))
    twice = predictor.thin(once)
    assert (once.there[:, :2] == 1).all()
    assert (twice.there <= once.there).all()
    assert [len(share) for share in twice.memory["shares"]] == [3, 3]
    assert torch.allclose(once.memory["shares"][0], once.there[:, 2:].mean(dim=1))
    twice.there.sum().backward()
    assert all(parameter.grad is not None for parameter in predictor.parameters())
    assert x.grad is None  # a model trained along gets exact gradients only
