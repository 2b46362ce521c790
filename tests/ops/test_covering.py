"""The greedy k-centre order."""

import torch

from prunarium.ops import covering_order


def test_the_farthest_is_next():
    x = torch.tensor([[[0.0], [1.0], [10.0], [4.0], [9.5]]])
    assert covering_order(x, 5).tolist() == [[0, 3, 1, 2, 4]]
    assert covering_order(x, 3).tolist() == [[0, 3, 1, 2, 3]]


def test_padding_comes_last():
    x = torch.tensor([[[0.0], [1.0], [99.0], [4.0]]])
    there = torch.tensor([[True, True, False, True]])
    assert covering_order(x, 3, there).tolist() == [[0, 2, 3, 1]]


def test_no_token_is_chosen_twice_where_all_are_alike():
    assert sorted(covering_order(torch.zeros(1, 4, 2), 4)[0].tolist()) == [0, 1, 2, 3]
