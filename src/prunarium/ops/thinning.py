"""Dropping tokens in training: all stay in their places, fewer and fewer of them are there."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from prunarium.ops.tokens import Tokens


def thin(tokens: Tokens, wanted: Tensor) -> Tokens:
    """What ``Tokens.keep_where`` does, for training: the unwanted are masked, and gradients reach the decision.

    The share of the tokens that is left, of those that entered the model, is remembered in ``memory["shares"]``: one
    ``[batch]`` for every step, for a loss that holds a method to its budget.

    Args:
        tokens: the tokens.
        wanted: 1 for a token that stays, 0 for another ``[batch, tokens after the prefix]``, as
            ``drawn`` and ``above`` give.
    """
    left = wanted if tokens.there is None else wanted * tokens.there[:, tokens.prefix :]
    entered = tokens.entered - tokens.prefix
    share = left.sum(dim=1) / (entered.clamp(min=1) if isinstance(entered, Tensor) else max(1, entered))
    there = nn.functional.pad(left, (tokens.prefix, 0), value=1.0)
    return replace(tokens, there=there).remember(shares=(*tokens.memory.get("shares", ()), share))


def mean_tokens(shares: Sequence[Tensor], blocks: Sequence[int], depth: int) -> Tensor:
    """Mean tokens per block, of those that entered the model, from the share left after each of some blocks.

    Args:
        shares: after each of ``blocks``, any shape.
        blocks: where tokens are dropped, ascending.
        depth: blocks of the model.
    """
    ends = [*blocks[1:], depth]
    left = [share.mean() * (end - begin) for share, begin, end in zip(shares, blocks, ends, strict=True)]
    return (blocks[0] + torch.stack(left).sum()) / depth
