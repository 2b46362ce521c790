"""Merging groups of tokens into one each."""

import torch
from torch import Tensor

from prunarium.ops.tokens import DROPPED, Move, Tokens, add_at, gather


def merge_groups(
    tokens: Tokens, group: Tensor, count: int, weight: Tensor | None = None, seat: Tensor | None = None
) -> Tokens:
    """Replace every group of tokens by their weighted mean; sizes add up.

    Args:
        tokens: the tokens; the prefix stays as it is.
        group: for every token after the prefix, the number of its group, or ``DROPPED`` ``[batch, tokens]``.
        count: how many groups there are; none may be empty.
        weight: of every token after the prefix ``[batch, tokens]``; its size without it.
        seat: for every group, the token whose place it takes, or ``DROPPED`` ``[batch, count]``; its first member
            without it.

    Returns:
        the prefix, then the groups by number.
    """
    prefix, x = tokens.prefix, tokens.x[:, tokens.prefix :]
    batch, before, dim = x.shape
    ones = torch.ones((batch, before), dtype=x.dtype, device=x.device)
    size = ones if tokens.size is None else tokens.size[:, prefix:]
    weight = size if weight is None else weight
    home = group.where(group != DROPPED, count)  # one group more, which is cut off
    weighted = x * weight.unsqueeze(-1)
    sums = add_at(weighted.new_zeros((batch, count + 1, dim)), home, weighted)
    merged = sums[:, :count] / _summed(weight, home, count).unsqueeze(-1)
    kept = torch.cat([tokens.x[:, :prefix], merged], dim=1)
    head = ones.new_ones((batch, prefix)) if tokens.size is None else tokens.size[:, :prefix]
    new_size = torch.cat([head, _summed(size, home, count)], dim=1)
    return tokens.moved(kept, new_size, _move(group, count, prefix, seat))


def stand_in(tokens: Tokens, group: Tensor, seat: Tensor) -> Tokens:
    """Keep one token of every group as it is; it stands for them all, so sizes add up.

    Args:
        tokens: the tokens; the prefix stays as it is.
        group: for every token after the prefix, the number of its group ``[batch, tokens]``.
        seat: for every group, the token to keep, counted from the first after the prefix ``[batch, groups]``.

    Returns:
        the prefix, then the kept tokens by the number of their group.
    """
    return replace_groups(tokens, group, gather(tokens.x[:, tokens.prefix :], seat), seat)


def replace_groups(tokens: Tokens, group: Tensor, x: Tensor, seat: Tensor | None = None) -> Tokens:
    """Put another token in the place of every group; sizes add up.

    Args:
        tokens: the tokens; the prefix stays as it is.
        group: for every token after the prefix, the number of its group; none is empty ``[batch, tokens]``.
        x: the other tokens ``[batch, groups, dim]``.
        seat: for every group, the token whose place it takes ``[batch, groups]``; its first member without it.

    Returns:
        the prefix, then the other tokens by the number of their group.
    """
    prefix, count = tokens.prefix, x.shape[1]
    size = tokens.x.new_ones(tokens.x.shape[:2]) if tokens.size is None else tokens.size
    new_size = torch.cat([size[:, :prefix], _summed(size[:, prefix:], group, count)], dim=1)
    x = torch.cat([tokens.x[:, :prefix], x], dim=1)
    return tokens.moved(x, new_size, _move(group, count, prefix, seat))


def _summed(values: Tensor, home: Tensor, count: int) -> Tensor:
    """Sums over groups, those of the group ``count`` cut off ``[batch, count]``."""
    return values.new_zeros((len(values), count + 1)).scatter_add(1, home, values)[:, :count]


def _move(group: Tensor, count: int, prefix: int, seat: Tensor | None) -> Move:
    batch, before = group.shape
    if seat is None:
        places = torch.arange(before, device=group.device).expand(batch, -1)
        first = torch.full((batch, count + 1), before, device=group.device)
        home = group.where(group != DROPPED, count)
        seat = first.scatter_reduce(1, home, places, "amin")[:, :count]
    lead = torch.arange(prefix, device=group.device).expand(batch, -1)

    def whole() -> Tensor:
        return torch.cat([lead, group.where(group == DROPPED, group + prefix)], dim=1)

    return Move(torch.cat([lead, seat.where(seat == DROPPED, seat + prefix)], dim=1), whole)
