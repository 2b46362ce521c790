"""Entries of a cache: some of them, and different numbers of them in the heads."""

import torch

from prunarium.ops import Entries


def entries(tokens=6):
    draw = torch.Generator().manual_seed(0)
    keys, values = torch.randn(2, 2, 2, tokens, 4, generator=draw)
    place = torch.arange(tokens).expand(2, 2, -1)
    return Entries(keys, values, place, (place > 0) & (place < 4))


def test_only_keeps_the_order_and_the_contents():
    whole = entries()
    wanted = torch.tensor([[0, 1, 0, 1, 1, 0]], dtype=torch.bool).expand(2, 1, -1)
    left = whole.only(wanted)
    assert left.place[1, 1].tolist() == [1, 3, 4]
    assert torch.equal(left.keys, whole.keys[:, :, [1, 3, 4]])
    assert torch.equal(left.values, whole.values[:, :, [1, 3, 4]])
    assert left.there is None
    assert left.image_count == 2


def test_heads_that_want_fewer_are_filled_up_with_what_cannot_be_seen():
    whole = entries()
    wanted = torch.ones(2, 2, 6, dtype=torch.bool)
    wanted[0, 0, 2:] = False
    wanted[1, 1, 1:4] = False
    left = whole.only(wanted)
    assert left.count == 6
    assert left.lengths.tolist() == [[2, 6], [6, 3]]
    assert left.place[0, 0][left.visible[0, 0]].tolist() == [0, 1]
    assert left.place[1, 1][left.visible[1, 1]].tolist() == [0, 4, 5]
    assert left.image_count == (1 + 3 + 3 + 0) / 4
    again = left.only(left.visible & (left.place > 0))
    assert again.count == 5
    assert again.lengths.tolist() == [[1, 5], [5, 2]]


def test_all_of_them_are_the_same_object():
    whole = entries()
    assert whole.only(torch.ones(2, 1, 6, dtype=torch.bool)) is whole


def test_what_is_known_of_entries_goes_with_them():
    whole = entries()
    weight = torch.arange(24.0).view(2, 2, 6)
    text = Entries(whole.keys, whole.values, whole.place, weight=weight)
    left = text.only(torch.tensor([0, 1, 0, 0, 1, 1], dtype=torch.bool).view(1, 1, -1))
    assert left.known_weight[1, 0].tolist() == [13, 16, 17]
    assert left.lengths.tolist() == [[3, 3], [3, 3]]
    assert left.image_count == 0
