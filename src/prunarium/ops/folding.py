"""Merging more than half of the tokens, in as many bipartite steps as it takes."""

from dataclasses import replace

from torch import Tensor

from prunarium.ops.matching import bipartite_soft_matching
from prunarium.ops.tokens import Tokens


def fold(tokens: Tokens, left: int, metric: Tensor | None = None, worth: Tensor | None = None) -> Tokens:
    """Merge similar tokens until so many are left, nearly half of them in one step; all stay in their order.

    The FOLD step of Wang et al., ICCV 2025 (arXiv 2501.02430); with ``worth``, the information degree of Ju et al.,
    ECCV 2024 (arXiv 2407.11717).

    Args:
        tokens: the tokens; the prefix stays as it is.
        left: how many to leave, prefix included; one besides the prefix is left at least.
        metric: what similarity is measured on, merged along with the tokens ``[batch, tokens, dim]``; the tokens
            themselves without it.
        worth: subtracted from the similarity of a token that would merge into another; adds up ``[batch, tokens]``.
    """
    while tokens.count > max(left, tokens.prefix + 1):
        lost = min(max(1, (tokens.count - 1) // 2), tokens.count - left)
        matching = bipartite_soft_matching(tokens.x if metric is None else metric, lost, tokens.prefix, worth)
        if metric is not None:
            metric = matching.merge(replace(tokens, x=metric), in_place=True).x
        tokens = matching.merge(tokens, in_place=True)
        worth = None if worth is None else summed(worth, tokens)
    return tokens


def summed(values: Tensor, merged: Tokens) -> Tensor:
    """Values of the tokens before their last step, which dropped none, added up for each token after it.

    Args:
        values: ``[batch, tokens before]``.
        merged: the tokens after the step.

    Returns:
        ``[batch, tokens]``.
    """
    return values.new_zeros(merged.x.shape[:2]).scatter_add(1, merged.moves[-1].group(), values)
