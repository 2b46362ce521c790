"""Keeping the best tokens of texts of different lengths."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from prunarium.ops import DROPPED, Tokens, keep_best, less, portion


@given(st.data())
def test_each_text_keeps_its_best(data):
    lengths = data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
    counts = data.draw(st.lists(st.integers(0, 9), min_size=len(lengths), max_size=len(lengths)))
    longest = max(lengths)
    score = torch.rand(len(lengths), longest, generator=torch.Generator().manual_seed(data.draw(st.integers(0, 99))))
    there = torch.arange(longest + 1) <= torch.tensor(lengths).unsqueeze(1)
    tokens = Tokens(torch.arange(longest + 1.0).expand(len(lengths), -1).unsqueeze(-1), prefix=1, there=there)
    left = keep_best(tokens, score, torch.tensor(counts))
    position = left.moves[-1].position if left.moves else torch.arange(longest + 1).where(there, DROPPED)
    for row, places in enumerate(position.tolist()):
        best = score[row, : lengths[row]].argsort(descending=True)[: counts[row]] + 1
        assert [place for place in places if place != DROPPED] == [0, *sorted(best.tolist())]


def test_one_count_for_all():
    tokens = Tokens(torch.zeros(1, 4, 1), prefix=1)
    assert keep_best(tokens, torch.tensor([[0.1, 0.3, 0.2]]), 2).moves[0].position.tolist() == [[0, 2, 3]]
    assert keep_best(tokens, torch.zeros(1, 3), 3) is tokens


def test_portions_are_whole_tokens():
    assert portion(7, 0.5) == 4
    assert portion(torch.tensor([7, 8]), 0.5).tolist() == [4, 4]
    assert less(3, 1) == 2
    assert less(torch.tensor([0, 3]), 1).tolist() == [0, 2]
