"""Softmax over tokens that are there to a degree: how tokens are dropped while gradients must still reach them."""

import torch
from torch import Tensor


def masked_softmax(logits: Tensor, there: Tensor, eps: float = 1e-6) -> Tensor:
    """Softmax in which a key counts as far as it is there; a query always sees itself.

    Rao et al., NeurIPS 2021 (arXiv 2106.02034), equations 10 and 11. Computed in float32 at least; ``eps``, spread over
    all keys, keeps a row without any key finite.

    Args:
        logits: ``[batch, heads, queries, keys]``; with as many queries as keys they are the same tokens.
        there: 1 for a key that is there, 0 for one that is not ``[batch, keys]``; gradients flow through it.
        eps: weight that a row hands out evenly.
    """
    weight = there[:, None, None, :]
    queries, keys = logits.shape[-2:]
    if queries == keys:
        weight = weight + (1 - weight) * torch.eye(keys, dtype=weight.dtype, device=weight.device)
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    weighted = (wide - wide.amax(dim=-1, keepdim=True)).exp() * weight
    return ((weighted + eps / keys) / (weighted.sum(dim=-1, keepdim=True) + eps)).to(logits.dtype)
