"""Interleaved timing: the untouched model and the method take turns, so that noise and drift hit both alike."""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch

from prunarium.bench.bootstrap import interval_of_median
from prunarium.records import Interval

WARM_UP = 3
FEWEST, MOST = 8, 200  # pairs
FEW_LONG = 3
LONG = 2.0
"""Seconds from which on a step is long: what ran before it hardly shows in its time."""
DIGITS = 4


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds(run: Callable[[], object], device: torch.device) -> float:
    """Wall-clock seconds of one call, device work included; the garbage collector waits, as in ``timeit``."""
    _wait(device)
    collects = gc.isenabled()
    gc.disable()
    try:
        begin = time.perf_counter()
        run()
        _wait(device)
        return time.perf_counter() - begin
    finally:
        if collects:
            gc.enable()


class Stopwatch:
    """Adds up the wall-clock seconds spent inside ``with stopwatch():``, device work included.

    It waits for the device on both sides and so disturbs the step around it: time that step in a run apart.
    """

    def __init__(self, device: torch.device) -> None:
        self.device, self.seconds = device, 0.0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Time a part."""
        _wait(self.device)
        begin = time.perf_counter()
        yield
        _wait(self.device)
        self.seconds += time.perf_counter() - begin


def interleave(one: Callable[[], float], other: Callable[[], float], about: float) -> tuple[np.ndarray, np.ndarray]:
    """Seconds of two contenders that take turns: one first, then the other first, and so on; neighbours are a pair.

    Args:
        one: times the first contender once.
        other: times the second.
        about: seconds to spend; never fewer than 8 pairs nor more than 200, after 3 pairs of warm-up (1 of long ones).
    """
    for _ in range(WARM_UP):
        pair = one() + other()
        if pair > 2 * LONG:
            break
    pairs = int(np.clip(about / max(pair, 1e-6), FEWEST, MOST))
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(pairs):
        if turn % 2:
            second, first = other(), one()
        else:
            first, second = one(), other()
        times[0].append(first)
        times[1].append(second)
    return np.asarray(times[0]), np.asarray(times[1])


def own_work(watched: Callable[[], tuple[float, float]], pairs: int) -> tuple[np.ndarray, np.ndarray]:
    """Seconds of a method's own work and of the whole step, in a quarter as many runs as pairs were timed.

    Never fewer than 8 runs, of long steps 3.

    Args:
        watched: runs one step under a ``Stopwatch``; gives the seconds in it and those of the step.
        pairs: that were timed.
    """
    runs = [watched()]
    wanted = FEW_LONG if runs[0][1] > LONG else max(FEWEST, pairs // 4)
    runs += [watched() for _ in range(wanted - 1)]
    own, whole = np.asarray(runs).T
    return own, whole


def interval(values: np.ndarray) -> Interval:
    """Median, quartiles, and the 95 % bootstrap interval of the median."""
    low, median, high = np.percentile(values, [25, 50, 75])
    ci_low, ci_high = interval_of_median(values)
    found = {"median": median, "low": low, "high": high, "ci_low": ci_low, "ci_high": ci_high}
    return Interval(**{name: round(float(value), DIGITS) for name, value in found.items()}, repeats=len(values))
