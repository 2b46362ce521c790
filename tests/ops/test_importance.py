"""Attention times value: what the token would add, in all heads together; attention that a token receives."""

import torch

from prunarium.ops import attention_times_value, received


def test_the_length_is_over_all_heads():
    attention = torch.tensor([[[0.5, 0.1, 0.4], [0.2, 0.6, 0.2]]])
    values = torch.zeros(1, 2, 3, 2)
    values[0, :, 1] = torch.tensor([[3.0, 0.0], [0.0, 4.0]])
    values[0, :, 2] = torch.tensor([[0.0, 1.0], [0.0, 0.0]])
    score = attention_times_value(attention, values, prefix=1)
    assert torch.allclose(score, torch.tensor([[3.5, 0.6]]) / 4.1)


def test_what_tokens_receive_is_summed_in_single_precision():
    attention = torch.full((1, 2, 1000, 3), 1 / 3, dtype=torch.bfloat16)
    found = received(attention)
    assert found.dtype == torch.float32
    assert torch.allclose(found, torch.full((1, 2, 3), 1000 * float(attention[0, 0, 0, 0])), rtol=1e-5)
    assert torch.equal(received(attention.double()), attention.double().sum(dim=2))
