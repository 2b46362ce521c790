"""Tokens that go into others by degrees, while all keep their places."""

import torch
from torch import Tensor

from prunarium.ops.tokens import Move, Tokens, gather


def pour(tokens: Tokens, given: Tensor, into: Tensor, share: Tensor) -> Tokens:
    """Add some tokens to others, which become the mean of all they hold, weighted by size; sizes add up.

    The tokens given stay in their places as they were; drop or mask them next.

    Args:
        tokens: the tokens.
        given: which go into others ``[batch, given]``, counted from the first of all tokens.
        into: where each of them goes, counted so too ``[batch, given]``; no token that is given itself.
        share: how much of each of them goes, 0 to 1 ``[batch, given]``; gradients flow through it.
    """
    size = tokens.x.new_ones(tokens.x.shape[:2]) if tokens.size is None else tokens.size
    moving = size.gather(1, given) * share
    total = size.scatter_add(1, into, moving)
    weighted = gather(tokens.x, given) * moving.unsqueeze(-1)
    x = tokens.x * size.unsqueeze(-1)
    x = x.scatter_add(1, into.unsqueeze(-1).expand_as(weighted), weighted) / total.unsqueeze(-1)
    places = torch.arange(tokens.count, device=given.device).expand(len(given), -1)
    move = Move(places, lambda: places.scatter(1, given, into.where(share > 0.5, given)))
    return tokens.moved(x, total, move, tokens.there)
