"""Rows of a decoder's attention, worked out beside the fused kernel: only those that a method reads."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from prunarium.families.caching.sharing import products

CHUNK = 256  # queries at a time, where only sums over them are wanted


@dataclass(frozen=True)
class Rows:
    """Queries that have just been asked, and the cached entries that were there for them.

    Attributes:
        queries: as the attention used them ``[batch, heads, queries, head dim]``.
        keys: likewise; the last of them are of the tokens that asked ``[batch, key heads, entries, head dim]``.
        there: which entries can be seen ``[batch, key heads, entries]``; ``None`` when all can.
        scaling: of the products.
    """

    queries: Tensor
    keys: Tensor
    there: Tensor | None
    scaling: float

    def logits(self, first: int = 0, last: int | None = None) -> Tensor:
        """Scaled products of some queries with all keys, -inf where one does not see the other; rows of padding are
        -inf throughout ``[batch, heads, queries, entries]``."""
        first = max(self.queries.shape[2] + first, 0) if first < 0 else first
        queries = self.queries[:, :, first:last]
        column = torch.arange(self.keys.shape[2], device=queries.device)
        own = self._own(first, queries.shape[2])
        seen = (column <= own.unsqueeze(1)).expand(1, 1, -1, -1)
        if self.there is not None:
            there = self._by_head(self.there)
            seen = seen & there.unsqueeze(2) & there[:, :, own].unsqueeze(3)
        return products(queries, self.keys, self.scaling).masked_fill(~seen, -torch.inf)

    def attention(self, first: int = 0, last: int | None = None) -> Tensor:
        """Softmaxed attention of some queries, in single precision at least; rows of padding are zero
        ``[batch, heads, queries, entries]``."""
        logits = self.logits(first, last)
        rows = logits.to(torch.promote_types(logits.dtype, torch.float32)).softmax(dim=-1)
        return rows if self.there is None else rows.nan_to_num(0.0)  # a row of padding has nothing to share out

    def sums(self) -> Tensor:
        """Attention that each entry received, summed over the queries ``[batch, heads, entries]``."""
        (batch, heads, count, _), entries = self.queries.shape, self.keys.shape[2]
        dtype = torch.promote_types(self.queries.dtype, torch.float32)
        total = torch.zeros(batch, heads, entries, dtype=dtype, device=self.queries.device)
        for first in range(0, count, CHUNK):
            queries = self.queries[:, :, first : first + CHUNK]
            before = slice(entries - count + first + queries.shape[2])  # none of them sees what is behind
            there = None if self.there is None else self.there[:, :, before]
            some = Rows(queries, self.keys[:, :, before], there, self.scaling)
            total[:, :, before] += some.attention().sum(dim=2)
        return total

    def logit_sums(self) -> Tensor:
        """Scaled products of each key with all queries, earlier ones too, summed ``[batch, heads, entries]``."""
        queries = self.queries
        if self.there is not None:
            queries = queries * self._by_head(self.there)[:, :, self._own(0, queries.shape[2])].unsqueeze(3)
        return products(queries.sum(dim=2, keepdim=True), self.keys, self.scaling)[:, :, 0]

    def last_logits(self) -> Tensor:
        """Scaled products of the last query with all keys, zero for what cannot be seen ``[batch, heads, entries]``."""
        found = products(self.queries[:, :, -1:], self.keys, self.scaling)[:, :, 0]
        return found if self.there is None else found * self._by_head(self.there)

    def of_first_head(self) -> "Rows":
        """The same of the first head alone."""
        there = None if self.there is None else self.there[:, :1]
        return Rows(self.queries[:, :1], self.keys[:, :1], there, self.scaling)

    def _own(self, first: int, count: int) -> Tensor:
        """Which entries are of some of the tokens that asked ``[queries]``."""
        start = self.keys.shape[2] - self.queries.shape[2] + first
        return torch.arange(start, start + count, device=self.keys.device)

    def _by_head(self, there: Tensor) -> Tensor:
        """``[batch, heads, entries]``."""
        return there.repeat_interleave(self.queries.shape[1] // there.shape[1], dim=1)


def offers(rows: Callable[[], Rows], observed: int) -> dict[str, Callable[[], Tensor]]:
    """What a method may read after a layer's attention, each worked out when asked for.

    Args:
        rows: of the layer.
        observed: how many of the last queries ``window_attention`` is of.
    """
    return {
        "attention_sums": lambda: rows().sums(),
        "window_attention": lambda: rows().attention(first=-observed),
        "last_attention": lambda: rows().attention(first=-1)[:, :, 0],
        "full_attention": lambda: rows().attention(),
        "logits": lambda: rows().logits(),
        "first_head_logits": lambda: rows().of_first_head().logits()[:, 0],
        "last_logits": lambda: rows().last_logits(),
        "logit_sums": lambda: rows().logit_sums(),
    }


ROWS = frozenset(
    {
        "attention_sums",
        "window_attention",
        "last_attention",
        "full_attention",
        "logits",
        "first_head_logits",
        "last_logits",
        "logit_sums",
        "queries",
    }
)
"""What is worked out of queries."""
