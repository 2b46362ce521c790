"""Contenders take turns and neither is favoured; intervals say how sure a median is."""

import time

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from prunarium.bench.bootstrap import interval_of_mean, interval_of_median
from prunarium.bench.timing import (
    FEW_LONG,
    FEWEST,
    LONG,
    MOST,
    VERY_LONG,
    WARM_UP,
    Stopwatch,
    interleave,
    interval,
    own_work,
    seconds,
)

CPU = torch.device("cpu")


def contenders(growth=0.0):
    """Two that say they take a second; ``growth`` more at each call of either."""
    calls = []

    def contender(name):
        def run():
            calls.append(name)
            return 1 + growth * len(calls)

        return run

    return calls, contender("A"), contender("B")


def test_the_order_within_pairs_alternates():
    calls, one, other = contenders()
    times = interleave([one, other], about=0)
    assert "".join(calls) == "AB" * WARM_UP + "ABBA" * (FEWEST // 2)
    assert [len(contender) for contender in times] == [FEWEST, FEWEST]


def test_as_many_pairs_as_the_time_allows():
    for about, pairs in ((0, FEWEST), (60, 30), (10**6, MOST)):
        _, one, other = contenders()
        assert len(interleave([one, other], about)[0]) == pairs


def test_long_steps_are_warmed_up_once_and_watched_thrice():
    calls = []

    def contender(name):
        return lambda: calls.append(name) or 1.5 * LONG

    interleave([contender("A"), contender("B")], about=0)
    assert "".join(calls) == "AB" + "ABBA" * (FEWEST // 2)
    assert len(own_work(lambda: (0.25, 1.5 * LONG), rounds=FEWEST)[0]) == 3


def test_very_long_steps_are_their_own_warm_up():
    calls = []

    def contender(name):
        return lambda: calls.append(name) or 1.5 * VERY_LONG

    times = interleave([contender(name) for name in "ABC"], about=0)
    assert "".join(calls) == "A" + "ABCCBAABC"
    assert times.shape == (3, FEW_LONG)
    assert len(own_work(lambda: (0.25, 1.5 * VERY_LONG), rounds=FEW_LONG)[0]) == 1


def test_what_is_not_timed_takes_time_too():
    for beside, calls_made in ((0, "AB" * WARM_UP + "ABBA" * 15), (1.5, "AB" + "ABBA" * 6), (20, "A" + "ABBAAB")):
        calls, one, other = contenders()
        assert (interleave([one, other], about=60, beside=beside) == 1).all(), "it is in no time that is given"
        assert "".join(calls) == calls_made


def test_drift_hits_both_alike():
    """A machine that gets slower and slower: equal contenders still come out equal."""
    _, one, other = contenders(growth=0.01)
    plain, method = interleave([one, other], about=40)
    found = interval(plain / method)
    assert found.ci_low < 1 < found.ci_high
    assert (plain[::2] < method[::2]).all() and (plain[1::2] > method[1::2]).all()


def test_the_stopwatch_sees_its_parts_alone():
    stopwatch = Stopwatch(CPU)

    def step():
        time.sleep(0.02)
        for _ in range(2):
            with stopwatch():
                time.sleep(0.01)

    whole = seconds(step, CPU)
    assert 0 < stopwatch.seconds < whole
    own, steps = own_work(lambda: (0.25, 1.0), rounds=100)
    assert len(own) == 25 and (own / steps == 0.25).all()
    assert len(own_work(lambda: (0.25, 1.0), rounds=8)[0]) == FEWEST


values = st.lists(st.floats(0.01, 100), min_size=1, max_size=40).map(np.asarray)


@given(values)
def test_an_interval_is_in_order(values):
    found = interval(values)
    assert found.repeats == len(values)
    for low, high in ((found.low, found.high), (found.ci_low, found.ci_high)):
        assert values.min() - 1e-4 <= low <= found.median <= high <= values.max() + 1e-4
    assert interval(values) == found


def test_more_repeats_are_surer():
    draw = np.random.default_rng(0)
    few, many = (interval_of_median(draw.normal(10, 1, count)) for count in (10, 1000))
    assert many[1] - many[0] < (few[1] - few[0]) / 3
    assert interval_of_median(np.full(9, 2.0)) == (2, 2)


@pytest.mark.parametrize("shares", [(0.01, 0.97, 0.02), (0.3, 0.4, 0.3)])
def test_the_interval_of_a_mean_is_what_statistics_says(shares):
    difference = np.random.default_rng(1).choice([-1.0, 0, 1], size=2000, p=shares)
    low, high = interval_of_mean(difference)
    margin = 1.96 * difference.std() / np.sqrt(len(difference))
    assert (low, high) == pytest.approx((difference.mean() - margin, difference.mean() + margin), abs=margin / 5)
    assert interval_of_mean(np.zeros(10)) == (0, 0)
