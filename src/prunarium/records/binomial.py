"""How far a share can be from what it would be on other samples."""

from math import sqrt

_Z = 1.959964
"""Quantile of the normal distribution, for 95 %."""


def interval_of_share(share: float, samples: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of so many samples. It has a width also at 0 and at 1."""
    spread = _Z**2 / samples
    middle = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * sqrt((share * (1 - share) + spread / 4) / samples)
    return middle - half, middle + half
