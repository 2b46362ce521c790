"""What leaves an encoder is put back where it entered."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from prunarium.families.encoder.departures import Departures
from prunarium.ops import Tokens, set_aside, take_back


@given(st.data())
def test_whoever_leaves_keeps_its_last_state(data):
    """Every layer adds one to what it holds: the state of a token counts the layers that it went through."""
    tokens = data.draw(st.integers(2, 8))
    x = torch.zeros(2, tokens, 1)
    departures, expected, places = Departures(x), torch.zeros(2, tokens), [list(range(tokens)) for _ in range(2)]
    there = None
    for _ in range(data.draw(st.integers(0, 4))):
        wanted = [[place == 0 or data.draw(st.booleans()) for place in row] for row in places]
        width = x.shape[1]
        mask = torch.tensor([row + [False] * (width - len(row)) for row in wanted])
        left = Tokens(x, there=there).keep_where(mask)
        departures.part(x, left.moves)
        x, there = left.x + 1, left.there
        places = [
            [place for place, stays in zip(row, keeps, strict=True) if stays]
            for row, keeps in zip(places, wanted, strict=True)
        ]
        for row, kept in enumerate(places):
            expected[row, kept] += 1
    assert torch.equal(departures.restored(x).squeeze(-1), expected)


def test_what_was_set_aside_comes_back():
    x = torch.arange(4.0).view(1, 4, 1)
    departures = Departures(x)
    on, aside = set_aside(Tokens(x), torch.tensor([[2, 0, 3, 1]]), 2)
    departures.part(x, on.moves)
    assert departures.restored(on.x + 10).flatten().tolist() == [10, 1, 12, 3]
    back = take_back(Tokens(on.x + 10), aside)
    departures.part(on.x + 10, back.moves)
    assert departures.restored(back.x).flatten().tolist() == [10, 1, 12, 3]
