"""Choosing tokens by a score."""

import torch
from torch import Tensor


def top(score: Tensor, count: int) -> Tensor:
    """The ``count`` highest scores, best first: indices ``[batch, count]`` into ``[batch, tokens]``."""
    return score.topk(count, dim=-1).indices


def in_order(index: Tensor) -> Tensor:
    """The same indices, ascending: tokens keep their place."""
    return index.sort(dim=-1).values


def others(index: Tensor, count: int) -> Tensor:
    """Those of ``count`` tokens that are not in ``index`` ``[batch, k]``, ascending ``[batch, count - k]``."""
    chosen = torch.zeros(len(index), count, dtype=torch.int8, device=index.device).scatter(1, index, 1)
    return chosen.argsort(dim=1, stable=True)[:, : count - index.shape[1]]


def weight_of_rest(score: Tensor, kept: Tensor) -> Tensor:
    """The scores with the kept tokens' set to zero ``[batch, tokens]``."""
    return score.scatter(1, kept, torch.zeros_like(score[:, : kept.shape[1]]))
