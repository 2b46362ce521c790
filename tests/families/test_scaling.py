"""Schedules at other depths and budgets."""

from hypothesis import given
from hypothesis import strategies as st

from prunarium.families import at_depth, turned

SHARES = st.floats(0.01, 0.99)


@given(SHARES, SHARES, st.floats(0, 1), st.floats(0, 1))
def test_turned_is_monotone_in_both(share, other, amount, more):
    assert turned(share, 1.0) == 1
    assert turned(share, 0.5) == share
    assert turned(share, min(amount, more)) <= turned(share, max(amount, more))
    assert turned(min(share, other), amount) <= turned(max(share, other), amount)


@given(st.integers(1, 100))
def test_layers_keep_their_order_and_stay_in_the_model(depth):
    layers = at_depth((2, 6, 15, 31), 32, depth)
    assert list(layers) == sorted(layers) and min(layers) >= 0 and max(layers) < depth
    assert at_depth(layers, depth, depth) == layers
