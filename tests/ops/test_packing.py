"""Numbers of what is wanted, rows that want different numbers filled up."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from prunarium.ops.entries import packed, packed_to_the_end


@given(rows=st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=1, max_size=4), even=st.booleans())
def test_each_row_lists_what_it_wants_in_order(rows, even):
    wanted = torch.tensor([rows[:1] * len(rows) if even else rows])
    most = max(sum(row) for row in wanted[0].tolist())
    for pack, filled in ((packed, slice(None)), (packed_to_the_end, slice(None, None, -1))):
        index, meant = pack(wanted)
        assert index.shape == meant.shape == (1, len(rows), most)
        for row, number, is_meant in zip(wanted[0].tolist(), index[0], meant[0], strict=True):
            assert number[is_meant].tolist() == [place for place, there in enumerate(row) if there]
            assert is_meant.tolist()[filled] == [True] * sum(row) + [False] * (most - sum(row))
            assert len(set(number.tolist())) == most
