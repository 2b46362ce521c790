"""New tokens behind the old ones."""

import torch
from torch import Tensor, nn

from prunarium.ops.tokens import DROPPED, Move, Tokens


def append(tokens: Tokens, x: Tensor) -> Tokens:
    """The tokens, and new ones behind them that take nobody's place. A new one counts as one token.

    Args:
        tokens: the tokens.
        x: the new ones ``[batch, new, dim]``.
    """
    batch, new = x.shape[:2]
    old = torch.arange(tokens.count, device=x.device).expand(batch, -1)
    size, there = tokens.size, tokens.there
    if size is not None:
        size = nn.functional.pad(size, (0, new), value=1)
    if there is not None:
        there = nn.functional.pad(there, (0, new), value=True)
    position = nn.functional.pad(old, (0, new), value=DROPPED)
    return tokens.moved(torch.cat([tokens.x, x], dim=1), size, Move(position, lambda: old), there)
