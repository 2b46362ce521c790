"""How much a token matters: to the cls token, to all tokens."""

import torch
from torch import Tensor


def attention_times_value(cls_attention: Tensor, values: Tensor, prefix: int) -> Tensor:
    """Attention from the cls token, weighted by the length of what it would fetch; sums to 1 over the tokens.

    Fayyaz et al., ECCV 2022 (arXiv 2111.15667), equation 3.

    Args:
        cls_attention: softmaxed ``[batch, heads, tokens]``.
        values: of the same attention ``[batch, heads, tokens, head dim]``; the heads of a token make one vector.
        prefix: leading tokens that get no score.

    Returns:
        ``[batch, tokens after the prefix]``.
    """
    length = values[:, :, prefix:].square().sum(dim=(1, 3)).sqrt()
    score = cls_attention[:, :, prefix:].sum(dim=1) * length
    return score / score.sum(dim=1, keepdim=True)


def received(attention: Tensor) -> Tensor:
    """Attention that each token receives, summed over the queries, in single precision at least.

    Args:
        attention: softmaxed ``[batch, heads, queries, tokens]``.

    Returns:
        ``[batch, heads, tokens]``.
    """
    return attention.sum(dim=2, dtype=torch.promote_types(attention.dtype, torch.float32))
