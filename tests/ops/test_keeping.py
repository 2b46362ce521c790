"""Which entries are the highest, the first, the last of some."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from prunarium.ops import Entries, down_to, earliest, highest, latest, share_of

SCORES = st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=12)


@given(SCORES, st.integers(-2, 14))
def test_as_a_sorted_list(scores, count):
    among = [number for number, (_, there) in enumerate(scores) if there]
    count = min(max(count, 0), len(among))
    mask = torch.tensor([[[there for _, there in scores]]])
    score = torch.tensor([[[float(value) for value, _ in scores]]])
    per_head = torch.tensor([[count]])
    best = sorted(among, key=lambda number: (-scores[number][0], number))[:count]
    for found, expected in (
        (highest(score, per_head, mask), sorted(best)),
        (highest(score, count, mask), sorted(best)),
        (earliest(per_head, mask), among[:count]),
        (latest(count, mask), among[len(among) - count :]),
    ):
        assert found.nonzero()[:, 2].tolist() == expected


def test_infinite_scores_come_first_and_one_head_stands_for_all():
    score = torch.tensor([[[1.0, 2.0, torch.inf, 3.0]]])
    among = torch.ones(1, 2, 4, dtype=torch.bool)
    assert highest(score, torch.tensor([[1, 2]]), among).tolist() == [
        [[False, False, True, False], [False, False, True, True]]
    ]


def test_shares_are_cut_in_double_precision():
    assert share_of(torch.tensor([50, 1_000_003]), 0.1).tolist() == [int(50 * 0.1), int(1_000_003 * 0.1)]
    assert share_of(torch.tensor([10]), 0.7).item() == int(10 * 0.7)


@given(st.lists(st.booleans(), min_size=1, max_size=30).filter(any), st.floats(0, 30), st.integers(1, 30))
def test_down_to_in_a_list(there, limit, distance):
    place = torch.arange(len(there)).expand(1, 1, -1)
    contents = place.unsqueeze(-1).float()
    entries = Entries(contents, contents, place, place < 0, torch.tensor([[there]]))
    held = [number for number, one in enumerate(there) if one]
    at = max(len(held) - distance, len(held) // 2)
    over = max(int(len(held) - limit + 1e-9), 0)
    expected = held[: max(at + 1 - over, 0)] + held[at + 1 :] if over else held
    left = down_to(entries, torch.tensor([[limit]], dtype=torch.float64), distance)
    assert left.place[left.visible].tolist() == expected
    assert torch.equal(left.keys[..., 0], left.place.float())
