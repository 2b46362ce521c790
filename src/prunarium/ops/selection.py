"""Choosing tokens by a score."""

import torch
from torch import Tensor


def top(score: Tensor, count: int) -> Tensor:
    """The ``count`` highest scores, best first: indices ``[batch, count]`` into ``[batch, tokens]``."""
    return score.topk(count, dim=-1).indices


def in_order(index: Tensor) -> Tensor:
    """The same indices, ascending: tokens keep their place."""
    return index.sort(dim=-1).values


def weight_of_rest(score: Tensor, kept: Tensor) -> Tensor:
    """The scores with the kept tokens' set to zero ``[batch, tokens]``."""
    return score.scatter(1, kept, torch.zeros_like(score[:, : kept.shape[1]]))
