"""Sampling tokens from their scores without chance."""

import torch
from torch import Tensor


def inverse_transform_sample(score: Tensor, points: int, there: Tensor | None = None) -> Tensor:
    """Which tokens are met when the summed scores, sorted, are read backwards at evenly spaced heights.

    The sum runs from the lowest score to the highest and is stretched to 0..1. The heights go from its lowest value
    above 0 up to 1; each meets the token whose sum is nearest. Tokens met twice count once, so that few are left where
    a few scores are large. The token with the lowest score has the sum 0 and is never met.
    Fayyaz et al., ECCV 2022 (arXiv 2111.15667), section 3.2.

    Args:
        score: not negative ``[batch, tokens]``.
        points: how many heights.
        there: which tokens are real, the others take no part ``[batch, tokens]``.

    Returns:
        ``[batch, tokens]``, boolean.
    """
    if there is not None:
        score = score.masked_fill(~there, -1)
    rising, order = score.sort(dim=1, stable=True)
    total = rising.clamp(min=0).cumsum(dim=1)
    lowest = total[:, :1] if there is None else total.gather(1, (~there).sum(dim=1, keepdim=True))
    total = (total - lowest).clamp(min=0)
    total = total / total[:, -1:]
    first = torch.where(total > 0, total, 2).amin(dim=1, keepdim=True)
    step = torch.arange(points, dtype=total.dtype, device=total.device) / max(points - 1, 1)
    heights = first + (1 - first) * step
    middles = ((total[:, 1:] + total[:, :-1]) / 2).contiguous()
    nearest = torch.searchsorted(middles, heights)
    met = torch.zeros(score.shape, dtype=torch.bool, device=score.device)
    return met.scatter(1, order.gather(1, nearest), True)
