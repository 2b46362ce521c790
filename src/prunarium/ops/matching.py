"""Bipartite soft matching: which tokens are alike enough to become one."""

from dataclasses import dataclass

import torch
from torch import Tensor

from prunarium.ops.tokens import Move, Tokens, gather


@dataclass(frozen=True)
class Matching:
    """A plan to merge ``r`` source tokens into destinations; sources and destinations alternate after the prefix.

    Attributes:
        sources: the sources in the order of merging, merged ones first ``[batch, sources]``.
        r: how many of them merge.
        destination: for each merged source, its destination ``[batch, r]``.
        prefix: leading tokens that take no part.
    """

    sources: Tensor
    r: int
    destination: Tensor
    prefix: int

    def merge(self, tokens: Tokens) -> Tokens:
        """Replace each destination by the mean of itself and what merges into it, weighted by size.

        The order afterwards is prefix, unmerged sources, destinations, each in their former order.
        """
        if self.r == 0:
            return tokens
        merged, unmerged = self.sources[:, : self.r], self.sources[:, self.r :].sort(dim=1).values
        x, size = tokens.x, tokens.size
        weight = torch.ones(x.shape[:2], dtype=x.dtype, device=x.device) if size is None else size
        weighted = x if size is None else x * size.unsqueeze(-1)

        def reduce(values: Tensor) -> Tensor:
            prefix, a, b = self._sides(values)
            into = self.destination.unsqueeze(-1).expand(-1, -1, values.shape[-1])
            b = b.scatter_add(1, into, gather(a, merged))
            return torch.cat([prefix, gather(a, unmerged), b], dim=1)

        new_size = reduce(weight.unsqueeze(-1))
        new_x = reduce(weighted) / new_size
        return tokens.moved(new_x, new_size.squeeze(-1), self._move(tokens.count, merged, unmerged))

    def _sides(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        first, second = sides(self.prefix)
        return values[:, : self.prefix], values[:, first::2], values[:, second::2]

    def _move(self, count: int, merged: Tensor, unmerged: Tensor) -> Move:
        batch, device = len(merged), merged.device
        places = torch.arange(count, device=device).expand(batch, -1).unsqueeze(-1)
        prefix, a, b = (side.squeeze(-1) for side in self._sides(places))
        position = torch.cat([prefix, a.gather(1, unmerged), b], dim=1)

        def group() -> Tensor:
            home = torch.empty((batch, count), dtype=torch.long, device=device)
            home.scatter_(1, position, torch.arange(position.shape[1], device=device).expand_as(position))
            b_begins = position.shape[1] - b.shape[1]
            return home.scatter_(1, a.gather(1, merged), b_begins + self.destination)

        return Move(position, group)


def sides(prefix: int) -> tuple[int, int]:
    """First source and first destination: sources are the even positions, destinations the odd ones."""
    return prefix + prefix % 2, prefix + 1 - prefix % 2


def bipartite_soft_matching(metric: Tensor, r: int, prefix: int = 0) -> Matching:
    """Match the ``r`` most similar pairs of a source and a destination, in one step and without iteration.

    Every source looks for its most similar destination (cosine); the ``r`` best sources merge. ``r`` is capped at
    half of the tokens after the prefix. Bolya et al., ICLR 2023 (arXiv 2210.09461), section 3 and appendix D.

    Args:
        metric: what similarity is measured on ``[batch, tokens, dim]``.
        r: how many tokens to lose.
        prefix: leading tokens that neither give nor receive.
    """
    first, second = sides(prefix)
    metric = metric / metric.norm(dim=-1, keepdim=True)
    a, b = metric[:, first::2], metric[:, second::2]
    r = max(0, min(r, (metric.shape[1] - prefix) // 2))
    best, destination = (a @ b.transpose(1, 2)).max(dim=-1)
    order = best.argsort(dim=-1, descending=True)
    return Matching(order, r, destination.gather(1, order[:, :r]), prefix)
