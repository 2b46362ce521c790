"""Which tokens add little to more important ones."""

import torch

from prunarium.ops import redundant


def test_the_copy_that_matters_less_is_redundant():
    metric = torch.tensor([[[1.0, 0], [0, 1], [0.9, 0.1], [-1, 0], [0, 0.99]]])
    importance = torch.tensor([[5.0, 4.0, 1.0, 2.0, 3.0]])
    # of five tokens the two least important may go: 2 is like 0, 3 is like none
    assert redundant(metric, importance, 1).tolist() == [[2]]
    assert redundant(metric, importance, 2).tolist() == [[2, 3]]
