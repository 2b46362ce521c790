"""Attention masks that are written out: which tokens see which."""

from typing import Any

import torch
from torch import Tensor


def of_tokens(mask: Tensor | None, index: Tensor) -> Tensor | None:
    """The rows and columns of a mask that belong to some of the tokens ``[batch, heads, kept, kept]``.

    Args:
        mask: of all tokens ``[batch or 1, heads, tokens, tokens]``; ``None`` where each sees those before it.
        index: ``[batch, kept]``.
    """
    if mask is None:
        return None
    mask = mask.expand(len(index), -1, -1, -1)
    rows = index[:, None, :, None].expand(-1, mask.shape[1], -1, mask.shape[-1])
    columns = index[:, None, None, :].expand(-1, mask.shape[1], index.shape[1], -1)
    return mask.gather(2, rows).gather(3, columns)


def as_mask(seen: Tensor, config: Any, dtype: torch.dtype) -> Tensor:
    """What a language model's attention takes, from which keys each query sees, true or false.

    Args:
        seen: ``[batch, heads, queries, keys]``.
        config: of the language model.
        dtype: of its hidden states.
    """
    if config._attn_implementation == "sdpa":
        return seen
    return torch.zeros_like(seen, dtype=dtype).masked_fill(~seen, torch.finfo(dtype).min)
