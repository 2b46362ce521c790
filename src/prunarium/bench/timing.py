"""Interleaved timing: the untouched model and the method take turns, so that noise hits both alike."""

import time
from collections.abc import Callable

import numpy as np
import torch

from prunarium.records import Interval

WARM_UP = 2
FEWEST, MOST = 7, 60


def seconds(run: Callable[[], object], device: torch.device) -> float:
    """Wall-clock seconds of one call, device work included."""
    begin = time.perf_counter()
    run()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - begin


def interleave(one: Callable[[], float], other: Callable[[], float], about: float) -> tuple[list[float], list[float]]:
    """Times of two contenders in ABAB order.

    Args:
        one: times the first contender once.
        other: times the second.
        about: seconds to spend; never fewer than 7 pairs nor more than 60.
    """
    for _ in range(WARM_UP):
        pair = one() + other()
    pairs = int(np.clip(about / max(pair, 1e-6), FEWEST, MOST))
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(pairs):
        times[0].append(one())
        times[1].append(other())
    return times


def interval(values: np.ndarray) -> Interval:
    """Median and quartiles."""
    low, median, high = np.percentile(values, [25, 50, 75])
    return Interval(median=round(float(median), 4), low=round(float(low), 4), high=round(float(high), 4))
