"""Sharing a total out among layers."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from prunarium.ops import shared_out


@given(
    weights=st.lists(st.floats(0.05, 3.0), min_size=1, max_size=12),
    least=st.integers(0, 8),
    more=st.integers(0, 90),
    share=st.floats(0, 1),
)
def test_all_of_it_is_given_within_the_bounds_to_the_heavier_first(weights, least, more, share):
    most, layers = least + more, len(weights)
    total = layers * least + int(share * layers * more)
    weight = torch.tensor(weights).unsqueeze(1)
    counts = shared_out(weight, *(torch.tensor([n]) for n in (total, least, most)))[:, 0]
    assert int(counts.sum()) == total
    assert least <= int(counts.min()) and int(counts.max()) <= most
    falling = counts[weight[:, 0].argsort(descending=True)]
    assert bool((falling[1:] - falling[:-1] <= 1).all())  # whole numbers may be one apart


def test_without_bounds_it_is_in_proportion():
    weight = torch.tensor([[1.0, 3.0], [2.0, 1.0], [5.0, 4.0]])
    counts = shared_out(weight, torch.tensor([16, 8]), torch.tensor([0, 0]), torch.tensor([99, 99]))
    assert counts.T.tolist() == [[2, 4, 10], [3, 1, 4]]


def test_what_a_bound_cuts_off_goes_to_the_others():
    weight = torch.tensor([[1.0], [1.0], [8.0]])
    counts = shared_out(weight, torch.tensor([20]), torch.tensor([0]), torch.tensor([10]))
    assert counts[:, 0].tolist() == [5, 5, 10]
