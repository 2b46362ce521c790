"""Bootstrap intervals: how far a number would move if the same thing were measured again."""

import numpy as np

RESAMPLES = 2000
LEVELS = (2.5, 97.5)  # percent: a 95 % interval


def interval_of_median(values: np.ndarray) -> tuple[float, float]:
    """95 % bootstrap interval of a median."""
    draws = np.random.default_rng(0).choice(values, size=(RESAMPLES, len(values)))
    low, high = np.percentile(np.median(draws, axis=1), LEVELS)
    return float(low), float(high)


def interval_of_mean(values: np.ndarray) -> tuple[float, float]:
    """95 % bootstrap interval of a mean of few distinct values, such as right minus right of paired samples."""
    distinct, counts = np.unique(values, return_counts=True)
    draws = np.random.default_rng(0).multinomial(len(values), counts / len(values), size=RESAMPLES)
    low, high = np.percentile(draws @ distinct / len(values), LEVELS)
    return float(low), float(high)
