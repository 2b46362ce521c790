"""Scores that stand out from the others, by the box-plot rule."""

import torch
from torch import Tensor


def upper_outliers(score: Tensor, whiskers: float = 1.5) -> Tensor:
    """Which scores lie more than ``whiskers`` interquartile ranges above the third quartile, sample by sample.

    Quartiles lie between the scores next to them, as in numpy's ``percentile``.

    Args:
        score: ``[batch, tokens]``.
        whiskers: a negative number lowers the fence, also below the third quartile.

    Returns:
        ``[batch, tokens]``, boolean.
    """
    score = score.to(torch.promote_types(score.dtype, torch.float32))  # quantile knows no shorter numbers
    low, high = score.quantile(score.new_tensor([0.25, 0.75]), dim=1)
    return score > (high + whiskers * (high - low)).unsqueeze(1)
