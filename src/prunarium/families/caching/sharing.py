"""Query heads that share a key head."""

from torch import Tensor


def products(queries: Tensor, keys: Tensor, scaling: float) -> Tensor:
    """Scaled products of queries and keys ``[batch, heads, queries, keys]``.

    Args:
        queries: ``[batch, heads, queries, head dim]``.
        keys: ``[batch, key heads, keys, head dim]``.
        scaling: of the products.
    """
    grouped = queries.unflatten(1, (keys.shape[1], -1))
    return (grouped @ keys.unsqueeze(2).transpose(-2, -1)).flatten(1, 2) * scaling


def by_key_head(numbers: Tensor, key_heads: int) -> Tensor:
    """The mean of the heads that share keys ``[batch, key heads or 1, ...]``, of ``[batch, heads or 1, ...]``."""
    shared = numbers.shape[1] // key_heads
    return numbers.unflatten(1, (key_heads, shared)).mean(dim=2) if shared > 1 else numbers
