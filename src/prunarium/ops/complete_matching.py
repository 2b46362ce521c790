"""Matching without sides: any token may merge into any other."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from prunarium.ops.absorbing import absorb_at
from prunarium.ops.selection import others
from prunarium.ops.tokens import Tokens, gather


@dataclass(frozen=True)
class CompleteMatching:
    """A plan to merge tokens into others.

    Attributes:
        sources: tokens that merge into another, the first to merge first ``[batch, r]``.
        destinations: for each source the token it merges into, which is no source ``[batch, r]``.
        weight: how much source and destination count in their merge, 2 in sum ``[batch, r, 2]``.
    """

    sources: Tensor
    destinations: Tensor
    weight: Tensor

    def merge(self, tokens: Tokens) -> Tokens:
        """Merge by weight and size; sizes add up, and the tokens left stay in their order."""
        if not self.sources.shape[1]:
            return tokens
        sizes = tokens.x.new_ones(tokens.x.shape[:2]) if tokens.size is None else tokens.size
        ratio = sizes.gather(1, self.destinations) / sizes.gather(1, self.sources)
        of_source, of_destination = self.weight.unbind(dim=-1)
        lent = (of_destination - 1) * ratio
        # what the destination's weight is off 1 goes with the source, so that a plain merge is the weighted one
        x = of_source.unsqueeze(-1) * gather(tokens.x, self.sources)
        x = x + lent.unsqueeze(-1) * gather(tokens.x, self.destinations)
        mixed = tokens.x.scatter(1, self.sources.unsqueeze(-1).expand_as(x), x)
        kept = others(self.sources, tokens.count).contiguous()
        return absorb_at(replace(tokens, x=mixed), kept, self.sources, torch.searchsorted(kept, self.destinations))


def complete_matching(metric: Tensor, importance: Tensor, r: int, protected: Tensor | None = None) -> CompleteMatching:
    """``match_any`` by cosine similarity.

    Args:
        metric: what similarity is measured on ``[batch, tokens, dim]``.
        importance: of every token, on the scale of a cosine ``[batch, tokens]``.
        r: how many tokens to lose.
        protected: tokens that neither give nor receive ``[batch or 1, tokens]``, boolean; equally many in each sample.
    """
    unit = metric / metric.norm(dim=-1, keepdim=True)
    above = (unit @ unit.transpose(1, 2)).triu(diagonal=1)
    # rounding may tell the two halves apart, and then decides which of two tokens merges into the other
    return match_any(above + above.transpose(1, 2), importance, r, protected)


def match_any(similarity: Tensor, importance: Tensor, r: int, protected: Tensor | None = None) -> CompleteMatching:
    """Match the ``r`` tokens that matter least for how similar they are to a token that is less similar to others.

    Tokens are ranked by their best similarity, and each looks at those behind it alone, so that no two choose each
    other; of two that are each other's best, the earlier one is ranked first. Shi et al., ICML 2024 (arXiv 2305.17455),
    complete-graph soft matching with its parallel approximation.

    Args:
        similarity: of all pairs ``[batch, tokens, tokens]``; the diagonal does not count.
        importance: of every token, on the same scale ``[batch, tokens]``.
        r: how many tokens to lose, capped at half of those not protected.
        protected: tokens that neither give nor receive ``[batch or 1, tokens]``, boolean; equally many in each sample.
    """
    count = similarity.shape[1]
    alone = torch.eye(count, dtype=torch.bool, device=similarity.device)
    if protected is not None:
        alone = alone | protected.unsqueeze(1) | protected.unsqueeze(2)
        count -= int(protected[0].sum())
    similarity = similarity.masked_fill(alone, -torch.inf)
    rank = similarity.amax(dim=-1).argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    behind = rank.unsqueeze(1) > rank.unsqueeze(2)
    allowed = similarity.masked_fill(~behind, -torch.inf).amax(dim=-1)
    sources = (importance - allowed).argsort(dim=-1, stable=True)[:, : max(0, min(r, count // 2))]
    gone = torch.zeros_like(rank, dtype=torch.bool).scatter(1, sources, True)
    destinations = gather(similarity.masked_fill(gone.unsqueeze(1), -torch.inf), sources).argmax(dim=-1)
    pair = torch.stack([importance.gather(1, sources), importance.gather(1, destinations)], dim=-1)
    return CompleteMatching(sources, destinations, 2 * nn.functional.softmax(pair, dim=-1))
