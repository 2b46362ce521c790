"""Pooling neighbouring tokens."""

from dataclasses import replace

import torch
from torch import Tensor

from prunarium.ops.merging import merge_groups
from prunarium.ops.tokens import DROPPED, Tokens


def pool_neighbours(tokens: Tokens, count: int | Tensor) -> Tokens:
    """Cut the tokens after the prefix into so many runs, as equal as can be, and replace each by its plain mean.

    Half as many runs as tokens are pairs, the last token of an odd number alone.

    Args:
        tokens: the tokens; padding follows the real ones.
        count: runs of every sample or of each ``[batch]``; at least 1, at most its real tokens.
    """
    batch, places = len(tokens.x), torch.arange(tokens.reducible, device=tokens.x.device)
    length, runs = (_each(number, batch, places) for number in (tokens.real, count))
    width = int(runs.max())
    # padding fills up the runs that shorter samples lack
    beyond = runs + places - length
    group = torch.where(places < length, places * runs // length, beyond.where(beyond < width, DROPPED))
    numbers = torch.arange(width, device=places.device)
    there, first = numbers < runs, -(-numbers * length // runs)
    pooled = merge_groups(
        tokens, group, width, torch.ones_like(tokens.x[:, tokens.prefix :, 0]), first.where(there, DROPPED)
    )
    left = torch.nn.functional.pad(there, (tokens.prefix, 0), value=True)
    return replace(pooled, there=None if bool(left.all()) else left)


def _each(number: int | Tensor, batch: int, like: Tensor) -> Tensor:
    """``[batch, 1]``"""
    of_all = number if isinstance(number, Tensor) else torch.full((batch,), number, device=like.device)
    return of_all.unsqueeze(1)
