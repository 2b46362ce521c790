"""Attention masks that are written out: which tokens see which."""

from typing import Any

import torch
from torch import Tensor


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
