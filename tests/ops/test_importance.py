"""Attention times value: what the token would add, in all heads together."""

import torch

from prunarium.ops import attention_times_value


def test_the_length_is_over_all_heads():
    attention = torch.tensor([[[0.5, 0.1, 0.4], [0.2, 0.6, 0.2]]])
    values = torch.zeros(1, 2, 3, 2)
    values[0, :, 1] = torch.tensor([[3.0, 0.0], [0.0, 4.0]])
    values[0, :, 2] = torch.tensor([[0.0, 1.0], [0.0, 0.0]])
    score = attention_times_value(attention, values, prefix=1)
    assert torch.allclose(score, torch.tensor([[3.5, 0.6]]) / 4.1)
