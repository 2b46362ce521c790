"""Sigmoids that reach 0 and 1: entmax of a number and 0."""

import torch
from torch import Tensor

HALVINGS = 40


def alpha_sigmoid(x: Tensor, alpha: float) -> Tensor:
    """The share of a number in the alpha-entmax of it and 0, of the same shape.

    Peters et al., Sparse Sequence-to-Sequence Models, ACL 2019 (arXiv 1905.05702): p with
    p^(alpha - 1) - (1 - p)^(alpha - 1) = (alpha - 1) x, 0 or 1 where there is none. With alpha = 1 it is the sigmoid,
    with alpha = 2 a ramp from -1 to 1; more of it comes nearer to a step.

    Args:
        x: any numbers.
        alpha: not below 1.
    """
    if alpha == 1:
        return x.sigmoid()
    found = _solved(x.detach(), alpha)
    inside = (found > 0) & (found < 1)
    steady = found.where(inside, 0.5)
    slope = 1 / (steady ** (alpha - 2) + (1 - steady) ** (alpha - 2))
    return found + torch.where(inside, slope, 0) * (x - x.detach())


def _solved(x: Tensor, alpha: float) -> Tensor:
    """The share, by halving the interval in which it is."""
    power, wanted = alpha - 1, (alpha - 1) * x
    low, high = torch.zeros_like(x), torch.ones_like(x)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        below = middle**power - (1 - middle) ** power < wanted
        low, high = middle.where(below, low), high.where(below, middle)
    middle = (low + high) / 2
    return middle.masked_fill(wanted >= 1, 1).masked_fill(wanted <= -1, 0)
