"""Bipartite soft matching: which tokens are alike enough to become one."""

from dataclasses import dataclass

import torch
from torch import Tensor

from prunarium.ops.tokens import Move, Tokens, add_at, gather


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
        first, second = sides(self.prefix)
        merged, unmerged = self.sources[:, : self.r], self.sources[:, self.r :].sort(dim=1).values
        device, batch = merged.device, len(merged)
        prefix = torch.arange(self.prefix, device=device).expand(batch, -1)
        b = torch.arange(second, tokens.count, 2, device=device).expand(batch, -1)
        kept = torch.cat([prefix, first + 2 * unmerged, b], dim=1)
        gone, into = first + 2 * merged, self.prefix + unmerged.shape[1] + self.destination
        size = tokens.size
        if size is None:
            size = torch.ones(tokens.x.shape[:2], dtype=tokens.x.dtype, device=device)
            weighted = tokens.x
        else:
            weighted = tokens.x * size.unsqueeze(-1)
        new_size = size.gather(1, kept).scatter_add(1, into, size.gather(1, gone))
        new_x = add_at(gather(weighted, kept), into, gather(weighted, gone)).div_(new_size.unsqueeze(-1))

        def group() -> Tensor:
            home = torch.empty((batch, tokens.count), dtype=torch.long, device=device)
            home.scatter_(1, kept, torch.arange(kept.shape[1], device=device).expand_as(kept))
            return home.scatter_(1, gone, into)

        return tokens.moved(new_x, new_size, Move(kept, group))


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
