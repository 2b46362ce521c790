"""Speed of methods on one workload: the untouched model and all of them take turns, each with its own work apart."""

from collections.abc import Callable, Sequence

import numpy as np
import torch

from prunarium.bench.decoding import decode_speeds
from prunarium.bench.kv_cache import CACHING
from prunarium.bench.memory import peak_memory
from prunarium.bench.samples import Inputs
from prunarium.bench.timing import LONG, Stopwatch, interleave, interval, own_work, seconds
from prunarium.bench.workload import Workload
from prunarium.families import TokenMethod, shape_of
from prunarium.records import Decode, Speed


@torch.inference_mode()
def speeds(methods: Sequence[TokenMethod], workload: Workload, size: int, about: float) -> list[Speed]:
    """The speed of every method on a batch of ``size``, against the untouched model in the same rounds.

    Args:
        about: seconds to time, for each method; half as long again for the words after a prompt, where there is one.
    """
    model, device = workload.model, workload.device
    inputs = workload.data.batch(0, size, device)

    def step() -> None:
        workload.answer(model, inputs)

    long = seconds(step, device) > LONG

    def untouched() -> float:
        if not long:
            step()  # untimed: the timed one follows its own kind, whatever ran before
        return seconds(step, device)

    def reduced(method: TokenMethod) -> Callable[[], float]:
        def timed() -> float:
            with method.apply(model):
                return untouched()

        return timed

    # half of the time is spent on what is untimed
    plain, *others = interleave([untouched, *map(reduced, methods)], about * len(methods) / 2)
    peak = peak_memory(step, model, inputs, device)
    decodes: Sequence[Decode | None] = [None] * len(methods)
    if all(shape_of(method, model).family in CACHING for method in methods):
        decodes = decode_speeds(methods, workload, size, about / 2)
    return [
        _speed(method, workload, size, inputs, step, (plain, times), peak).model_copy(update={"decode": decode})
        for method, times, decode in zip(methods, others, decodes, strict=True)
    ]


def _speed(
    method: TokenMethod,
    workload: Workload,
    size: int,
    inputs: Inputs,
    step: Callable[[], None],
    times: tuple[np.ndarray, np.ndarray],
    peak_baseline: int,
) -> Speed:
    model, device = workload.model, workload.device
    plain, _ = times

    def watched() -> tuple[float, float]:
        with method.apply(model) as handle:
            if plain[0] <= LONG:
                step()
            handle.watch = stopwatch = Stopwatch(device)
            whole = seconds(step, device)
            return stopwatch.seconds, whole

    own = own_work(watched, len(plain))
    with method.apply(model):
        peak = peak_memory(step, model, inputs, device)
    return as_speed(size, times, own, (peak_baseline, peak))


def as_speed(
    size: int,
    times: tuple[np.ndarray, np.ndarray],
    own: tuple[np.ndarray, np.ndarray],
    peaks: tuple[int | None, int | None],
) -> Speed:
    """The record of a step.

    Args:
        size: samples in it.
        times: seconds of the untouched model and with the method, round by round.
        own: seconds of the method's own work, and of the steps that it was timed in.
        peaks: bytes at the peak of the untouched model's step, and with the method.
    """
    plain, with_method = times
    work, whole = own
    return Speed(
        batch_size=size,
        baseline_ms=interval(plain * 1e3),
        method_ms=interval(with_method * 1e3),
        ratio=interval(plain / with_method),
        own_ms=interval(work * 1e3),
        own_share=round(float(np.median(work / whole)), 4),
        peak_memory_baseline=peaks[0],
        peak_memory=peaks[1],
    )
