"""Thinning, and the mean number of tokens."""

import pytest
import torch

from prunarium.ops import Tokens, mean_tokens, thin


def test_what_is_gone_stays_gone():
    tokens = Tokens(torch.zeros(1, 5, 2), prefix=1, original=5)
    first = thin(tokens, torch.tensor([[1.0, 0.0, 1.0, 1.0]]))
    second = thin(first, torch.tensor([[1.0, 1.0, 0.0, 1.0]]))
    assert first.there.tolist() == [[1, 1, 0, 1, 1]]
    assert second.there.tolist() == [[1, 1, 0, 0, 1]]
    assert second.memory["shares"] == (torch.tensor([0.75]), torch.tensor([0.5]))
    assert second.count == 5
    assert not second.moves


def test_mean_tokens_counts_the_blocks():
    shares = [torch.tensor([0.5, 0.7]), torch.tensor([0.2, 0.4])]
    assert mean_tokens(shares, [1, 3], 6).item() == pytest.approx((1 + 2 * 0.6 + 3 * 0.3) / 6)
