"""The highest entries: the way that sorts and the way that does not choose alike."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from prunarium.ops import highest

SCORES = st.sampled_from([0.0, 0.5, 1.0, 2.0, float("inf"), float("-inf")])


@given(
    rows=st.lists(st.lists(st.tuples(SCORES, st.booleans()), min_size=7, max_size=7), min_size=1, max_size=4),
    short=st.integers(-1, 3),
    even=st.booleans(),
)
def test_as_a_plain_sort_chooses(rows, short, even):
    score = torch.tensor([[[value for value, _ in row] for row in rows]])
    among = torch.tensor([[[there for _, there in row] for row in rows]])
    count = among.sum(dim=-1) - short
    count = count if even else count - torch.arange(len(rows))  # some heads lose one, others more
    found = highest(score, count, among)
    for head, row in enumerate(rows):
        order = sorted((n for n, (_, there) in enumerate(row) if there), key=lambda n: (-row[n][0], n))
        assert found[0, head].nonzero()[:, 0].tolist() == sorted(order[: max(int(count[0, head]), 0)])
