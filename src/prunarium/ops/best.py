"""Keeping the tokens with the highest scores, in batches of texts of different lengths too."""

import math

import torch
from torch import Tensor

from prunarium.ops.keeping import highest
from prunarium.ops.selection import in_order, top
from prunarium.ops.tokens import Tokens


def keep_best(tokens: Tokens, score: Tensor, count: int | Tensor) -> Tokens:
    """Keep the prefix and the tokens with the highest scores, in their order.

    Args:
        tokens: the tokens; padding is left behind first.
        score: ``[batch, tokens after the prefix]``.
        count: tokens to keep besides the prefix, of every sample or of each ``[batch]``; all where there are fewer.
    """
    if tokens.there is None and isinstance(count, int):
        return tokens if count >= tokens.reducible else tokens.keep(in_order(top(score, count)))
    there = tokens.there
    among = torch.ones_like(score, dtype=torch.bool) if there is None else there[:, tokens.prefix :] > 0.5
    if bool((among.sum(dim=1) <= count).all()):
        return tokens
    return tokens.keep_where(highest(score, count, among))


def portion(count: int | Tensor, share: float) -> int | Tensor:
    """A share of some tokens, in whole tokens; begun ones count. The product is taken in double precision."""
    return math.ceil(count * share) if isinstance(count, int) else (count.double() * share).ceil().long()


def less(count: int | Tensor, prefix: int) -> int | Tensor:
    """So many tokens without the prefix; none where there are fewer."""
    return max(count - prefix, 0) if isinstance(count, int) else (count - prefix).clamp(min=0)
