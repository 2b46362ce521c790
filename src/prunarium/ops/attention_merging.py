"""The attention that merged tokens give and receive."""

import torch
from torch import Tensor

from prunarium.ops.tokens import add_at


def merge_attention(attention: Tensor, group: Tensor, count: int, prefix: int, weight: Tensor) -> Tensor:
    """Attention between groups of tokens: summed over the keys of a group, a weighted mean over its queries.

    Lee et al., CVPR 2024 (arXiv 2403.10030), section 3.3.

    Args:
        attention: ``[batch, heads, tokens, tokens]``; rows that sum to 1 still do so afterwards.
        group: for every token after the prefix, the number of its group ``[batch, tokens after the prefix]``.
        count: how many groups there are.
        prefix: leading tokens that stay alone.
        weight: of every token after the prefix in the mean ``[batch, tokens after the prefix]``.

    Returns:
        ``[batch, heads, prefix + count, prefix + count]``.
    """
    batch = len(group)
    lead = torch.arange(prefix, device=group.device).expand(batch, -1)
    total = weight.new_zeros((batch, count)).scatter_add(1, group, weight).gather(1, group)
    share = torch.cat([weight.new_ones((batch, prefix)), weight / total], dim=1).to(attention.dtype)
    home = torch.cat([lead, group + prefix], dim=1).repeat_interleave(attention.shape[1], dim=0)
    queries = _summed(attention * share[:, None, :, None], home, prefix + count)
    return _summed(queries.transpose(-1, -2), home, prefix + count).transpose(-1, -2)


def _summed(values: Tensor, home: Tensor, count: int) -> Tensor:
    """Sums of rows: ``[batch, heads, tokens, any]`` to ``[batch, heads, count, any]``."""
    batch, heads, _, width = values.shape
    sums = values.new_zeros((batch * heads, count, width))
    return add_at(sums, home, values.flatten(0, 1)).unflatten(0, (batch, heads))
