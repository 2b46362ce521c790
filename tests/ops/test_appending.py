"""Appending: old tokens stay where they are, new ones take nobody's place."""

import torch

from prunarium.ops import DROPPED, Tokens, append, groups


def test_new_tokens_are_behind():
    x = torch.arange(6.0).view(1, 3, 2)
    size, there = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[True, False, True]])
    after = append(Tokens(x, prefix=1, size=size, there=there, original=3), torch.full((1, 2, 2), 9.0))
    assert torch.equal(after.x, torch.cat([x, torch.full((1, 2, 2), 9.0)], dim=1))
    assert after.size.tolist() == [[1, 2, 3, 1, 1]]
    assert after.there.tolist() == [[True, False, True, True, True]]
    assert after.positions().tolist() == [[0, 1, 2, DROPPED, DROPPED]]
    assert groups(after.moves, 1, 3).tolist() == [[0, 1, 2]]
    later = after.keep(torch.tensor([[3, 1]]))  # counted behind the prefix
    assert groups(later.moves, 1, 3).tolist() == [[0, DROPPED, 2]]


def test_nothing_is_made_up():
    after = append(Tokens(torch.zeros(2, 3, 4), original=3), torch.ones(2, 1, 4))
    assert after.size is None and after.there is None
