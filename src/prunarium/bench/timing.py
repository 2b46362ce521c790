"""Interleaved timing: the untouched model and methods take turns, so that noise and drift hit all alike."""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch

from prunarium.bench.bootstrap import interval_of_median
from prunarium.records import Interval

WARM_UP = 3
FEWEST, MOST = 8, 200  # rounds
FEW_LONG = 3
LONG = 1.0
"""Seconds from which on a step is long: what ran before it hardly shows in its time."""
VERY_LONG = 5.0
"""Seconds from which on a step is its own warm-up, and three rounds say what eight would."""
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


def interleave(
    contenders: Sequence[Callable[[], float]], about: float, beside: float = 0.0, fewest: int = FEWEST
) -> np.ndarray:
    """Seconds of contenders that take turns: in their order, then the other way round, and so on.

    Args:
        contenders: each times itself once.
        about: seconds to spend; never fewer than ``fewest`` rounds (3 of very long steps) nor more than 200, after 3
            rounds of warm-up (1 of long steps, none of very long ones).
        beside: seconds that each takes each time for what it does not time, where these count too.
        fewest: rounds.

    Returns:
        ``[contenders, rounds]``.
    """
    first, *others = contenders
    for _ in range(WARM_UP):
        taken = first() + beside
        if taken > VERY_LONG:
            fewest, one_round = FEW_LONG, taken * len(contenders)
            break
        one_round = taken + sum(contender() + beside for contender in others)
        if one_round > len(contenders) * LONG:
            break
    rounds = int(np.clip(about / max(one_round, 1e-6), fewest, MOST))
    times = np.empty((len(contenders), rounds))
    for turn in range(rounds):
        for place in range(len(contenders))[:: -1 if turn % 2 else 1]:
            times[place, turn] = contenders[place]()
    return times


def own_work(watched: Callable[[], tuple[float, float]], rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """Seconds of a method's own work and of the whole step, in a quarter as many runs as rounds were timed.

    Never fewer than 8 runs; of long steps 3, of very long ones 1.

    Args:
        watched: runs one step under a ``Stopwatch``; gives the seconds in it and those of the step.
        rounds: that were timed.
    """
    runs = [watched()]
    whole_step = runs[0][1]
    wanted = 1 if whole_step > VERY_LONG else FEW_LONG if whole_step > LONG else max(FEWEST, rounds // 4)
    runs += [watched() for _ in range(wanted - 1)]
    own, whole = np.asarray(runs).T
    return own, whole


def interval(values: np.ndarray) -> Interval:
    """Median, quartiles, and the 95 % bootstrap interval of the median."""
    low, median, high = np.percentile(values, [25, 50, 75])
    ci_low, ci_high = interval_of_median(values)
    found = {"median": median, "low": low, "high": high, "ci_low": ci_low, "ci_high": ci_high}
    return Interval(**{name: round(float(value), DIGITS) for name, value in found.items()}, repeats=len(values))
