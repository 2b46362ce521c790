"""Numbers of tokens, taken to phrases and sentences."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from prunarium.ops import unit_means

EDGES = some.sets(some.integers(1, 19), max_size=6).map(lambda edges: [0, *sorted(edges), 20])


def spans(edges):
    return list(pairwise(edges))


def test_a_token_over_several_units_is_split_among_those_that_it_completes():
    units = [(0, 3), (3, 5), (5, 9)]
    assert unit_means([1.0, 3.0, 6.0], [(0, 2), (2, 3), (3, 9)], units) == [2.0, 3.0, 3.0]
    assert unit_means([4.0, 8.0], [(0, 7), (7, 9)], units) == [2.0, 2.0, 8.0]


@given(EDGES, some.data())
def test_tokens_inside_units_are_averaged_there(edges, data):
    inner = data.draw(some.sets(some.integers(1, 19), max_size=6))
    tokens, units = spans(sorted({*edges, *inner})), spans(edges)
    values = data.draw(some.lists(some.floats(0, 9), min_size=len(tokens), max_size=len(tokens)))
    for unit, mean in zip(units, unit_means(values, tokens, units), strict=True):
        mine = [value for value, token in zip(values, tokens, strict=True) if unit[0] <= token[0] < unit[1]]
        assert mean == pytest.approx(sum(mine) / len(mine))
