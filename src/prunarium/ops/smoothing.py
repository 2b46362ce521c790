"""Pooling the scores of neighbouring tokens."""

from typing import Literal

from torch import Tensor, nn


def smooth(score: Tensor, kernel: int, pooling: Literal["avg", "max"] = "avg") -> Tensor:
    """Each score replaced by the mean, or by the largest, of those around it; beyond both ends there are zeros, which
    count in a mean.

    Args:
        score: not negative where pooling takes the largest ``[..., tokens]``.
        kernel: scores that are pooled, the token's own in the middle; odd.
        pooling: ``avg`` for the mean.
    """
    flat = score.flatten(0, -2)
    pool = nn.functional.avg_pool1d if pooling == "avg" else nn.functional.max_pool1d
    return pool(flat, kernel, stride=1, padding=kernel // 2).view_as(score)
