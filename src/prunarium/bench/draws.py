"""Several records of one setting: which of them are independent draws, and what these say together."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import hypot, sqrt
from statistics import fmean, stdev

from prunarium.records import MeasuredScore

STUDENTS_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""For a 95 % interval of the mean of 2 to 10 draws; more take the last one, and are a little too wide."""
SEED = "seed"


def setting_without_seed(score: MeasuredScore) -> str:
    """``keep_rate=0.7, blocks=None``: all that was set but the seed."""
    return ", ".join(f"{name}={value}" for name, value in score.parameters.items() if name != SEED)


def by_setting(scores: Iterable[MeasuredScore]) -> dict[tuple[str, str], list[MeasuredScore]]:
    """Scores of one condition, by method and setting: one score for each independent draw.

    A draw is the ``seed`` among the method's parameters, and the weights where they were trained with the method. The
    seed of torch is none: without a seed of its own a method answers alike each time, and that is one draw.

    Of several records of one draw the last one counts, by its date and then by its key. Batch sizes that it lacks are
    taken from the last one that has them.
    """
    found: defaultdict[tuple[str, str], dict[object, MeasuredScore]] = defaultdict(dict)
    for score in sorted(scores, key=lambda one: (one.measured_on, one.key)):
        draws = found[score.method, setting_without_seed(score)]
        draw = score.parameters.get(SEED), score.weights, score.learned
        draws[draw] = _merged(draws[draw], score) if draw in draws else score
    return {setting: list(draws.values()) for setting, draws in found.items()}


def _merged(earlier: MeasuredScore, later: MeasuredScore) -> MeasuredScore:
    timed = {speed.batch_size: speed for speed in (*earlier.speed, *later.speed)}
    return later.model_copy(update={"speed": [timed[size] for size in sorted(timed)]})


def mean_of_draws(draws: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    """The mean of some draws with its 95 % interval, from the value and the 95 % interval of each.

    The mean is unsure for two reasons, which add up as squares. One is what each draw's own interval tells: as all
    draws answer the same samples on the same device, it counts as much as in a single draw, on average. The other is
    the draws themselves, by Student's t of their values. A single draw keeps its interval, which says nothing about
    other draws.
    """
    if len(draws) == 1:
        return draws[0]
    values = [value for value, _, _ in draws]
    middle = fmean(values)
    among = STUDENTS_T[min(len(draws), len(STUDENTS_T) + 1) - 2] * stdev(values) / sqrt(len(draws))
    below, above = fmean(value - low for value, low, _ in draws), fmean(high - value for value, _, high in draws)
    return middle, middle - hypot(below, among), middle + hypot(above, among)
