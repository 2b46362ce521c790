"""Tokens that add little to more important ones."""

from torch import Tensor

from prunarium.ops.absorbing import most_similar
from prunarium.ops.selection import top
from prunarium.ops.tokens import gather


def redundant(metric: Tensor, importance: Tensor, count: int) -> Tensor:
    """The tokens of the less important half that are most similar to one of the more important half.

    Wang et al., CVPR 2024 (arXiv 2305.17328), section 3.3.

    Args:
        metric: what similarity is measured on ``[batch, tokens, dim]``.
        importance: ``[batch, tokens]``.
        count: how many, at most half of the tokens.

    Returns:
        their numbers, the most similar first ``[batch, count]``.
    """
    order, half = importance.argsort(dim=1), importance.shape[1] // 2
    lower, upper = order[:, :half], order[:, half:]
    similarity, _ = most_similar(gather(metric, lower), gather(metric, upper))
    return lower.gather(1, top(similarity, count))
