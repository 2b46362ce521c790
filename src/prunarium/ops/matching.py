"""Bipartite soft matching: which tokens are alike enough to become one."""

from dataclasses import dataclass

import torch
from torch import Tensor

from prunarium.ops.absorbing import absorb_at
from prunarium.ops.tokens import Tokens


@dataclass(frozen=True)
class Matching:
    """A plan to merge ``r`` source tokens into destinations; sources and destinations alternate after the prefix.

    Attributes:
        sources: positions of the sources in the order of merging, merged ones first ``[batch, sources]``.
        r: how many of them merge.
        destination: for each merged source, which of the destinations it merges into ``[batch, r]``.
        prefix: leading tokens that take no part.
    """

    sources: Tensor
    r: int
    destination: Tensor
    prefix: int

    def merge(
        self,
        tokens: Tokens,
        share: Tensor | None = None,
        in_place: bool = False,
        *,
        alike: bool = False,
        ranked: bool = False,
    ) -> Tokens:
        """Replace each destination by the mean of itself and what merges into it, weighted by size.

        The order afterwards is prefix, unmerged sources, destinations, each in their former order.

        Args:
            tokens: the tokens.
            share: how much of each token counts where it merges into another ``[batch, tokens after the prefix]``.
            in_place: leave all tokens in their former order instead.
            alike: every token counts once in the mean, whatever it stands for.
            ranked: let the unmerged sources come by falling similarity instead.
        """
        if self.r == 0:
            return tokens
        given, kept = self.sources[:, : self.r], self._kept(tokens, ranked)
        into = self.destination + (self.prefix + self.sources.shape[1] - self.r)
        if in_place:
            kept, order = kept.sort(dim=1)
            into = order.argsort(dim=1).gather(1, into)
        share = None if share is None else share.gather(1, given - self.prefix)
        return absorb_at(tokens, kept, given, into, alike, share)

    def drop(self, tokens: Tokens) -> Tokens:
        """Drop what would merge; the destinations stay as they are, the order is that of ``merge``."""
        return tokens if self.r == 0 else tokens.keep(self._kept(tokens)[:, self.prefix :] - self.prefix)

    def _kept(self, tokens: Tokens, ranked: bool = False) -> Tensor:
        """Prefix, unmerged sources and destinations, counted from the very first token."""
        unmerged = self.sources[:, self.r :]
        unmerged = unmerged if ranked else unmerged.sort(dim=1).values
        lead, destinations = (
            torch.arange(*places, device=unmerged.device).expand(len(unmerged), -1)
            for places in ((self.prefix,), (sides(self.prefix)[1], tokens.count, 2))
        )
        return torch.cat([lead, unmerged, destinations], dim=1)


def sides(prefix: int) -> tuple[int, int]:
    """First source and first destination: sources are the even positions, destinations the odd ones."""
    return prefix + prefix % 2, prefix + 1 - prefix % 2


def bipartite_soft_matching(metric: Tensor, r: int, prefix: int = 0, worth: Tensor | None = None) -> Matching:
    """Match the ``r`` most similar pairs of a source and a destination, in one step and without iteration.

    Every source looks for its most similar destination (cosine); the ``r`` best sources merge. ``r`` is capped at
    half of the tokens after the prefix. Bolya et al., ICLR 2023 (arXiv 2210.09461), section 3 and appendix D.

    Args:
        metric: what similarity is measured on ``[batch, tokens, dim]``.
        r: how many tokens to lose.
        prefix: leading tokens that neither give nor receive.
        worth: what a source has to be more similar by to merge as early ``[batch, tokens]``.
    """
    first, second = sides(prefix)
    metric = metric / metric.norm(dim=-1, keepdim=True)
    a, b = metric[:, first::2], metric[:, second::2]
    score = torch.bmm(a, b.transpose(1, 2))
    return match_best(score if worth is None else score - worth[:, first::2].unsqueeze(-1), r, prefix)


def match_best(score: Tensor, r: int, prefix: int = 0) -> Matching:
    """Match the ``r`` sources that go best with a destination, each with the one that it goes best with.

    Args:
        score: how well each pair of a source and a destination goes together ``[batch, sources, destinations]``; they
            alternate after the prefix as ``sides`` says.
        r: how many tokens to lose, capped at half of them.
        prefix: leading tokens that neither give nor receive.
    """
    r = max(0, min(r, (score.shape[1] + score.shape[2]) // 2))
    best, destination = score.max(dim=-1)
    order = best.argsort(dim=-1, descending=True)
    return Matching(order * 2 + sides(prefix)[0], r, destination.gather(1, order[:, :r]), prefix)
