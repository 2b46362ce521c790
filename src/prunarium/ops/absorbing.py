"""Some tokens stay, some go into one of those that stay, the rest are dropped."""

import torch
from torch import Tensor, nn

from prunarium.ops.tokens import DROPPED, Move, Tokens, rows


def absorb(
    tokens: Tokens, kept: Tensor, given: Tensor, into: Tensor, alike: bool = False, share: Tensor | None = None
) -> Tokens:
    """Replace each kept token by the mean of itself and the tokens given to it; sizes add up.

    Args:
        tokens: the tokens; the prefix stays as it is. Those neither kept nor given are dropped.
        kept: tokens that stay, in their new order, counted from the first after the prefix ``[batch, kept]``.
        given: tokens that go into others, counted so too ``[batch, given]``.
        into: for each of ``given``, its place in ``kept`` ``[batch, given]``.
        alike: every token counts once in the mean; without it, as often as the tokens it stands for.
        share: how much of each of ``given`` counts, in the mean and in the size ``[batch, given]``; all without it.
    """
    prefix = tokens.prefix
    lead = torch.arange(prefix, device=kept.device).expand(len(kept), -1)
    kept = torch.cat([lead, kept + prefix], dim=1)
    return absorb_at(tokens, kept, given + prefix, into + prefix, alike, share)


def absorb_at(
    tokens: Tokens, kept: Tensor, given: Tensor, into: Tensor, alike: bool = False, share: Tensor | None = None
) -> Tokens:
    """``absorb`` with all positions counted from the very first token; ``kept`` begins with the prefix."""
    count, dim = tokens.x.shape[1:]
    stay, go, home = rows(kept, count), rows(given, count), rows(into, kept.shape[1])
    part = None if share is None else share.reshape(-1)

    def collected(values: Tensor) -> Tensor:
        moving = values.index_select(0, go)
        if part is not None:
            moving = moving * part.view(-1, *[1] * (values.dim() - 1))
        return values.index_select(0, stay).index_add_(0, home, moving)

    size = tokens.x.new_ones(tokens.x.shape[:2]) if tokens.size is None else tokens.size
    new_size = collected(size.reshape(-1))
    total = collected(torch.ones_like(size).view(-1)) if alike else new_size
    weighted = tokens.x if alike or tokens.size is None else tokens.x * size.unsqueeze(-1)
    x = collected(weighted.reshape(-1, dim)).div_(total.unsqueeze(-1))

    def group() -> Tensor:
        home = torch.full((len(kept), count), DROPPED, device=kept.device)
        home = home.scatter(1, kept, torch.arange(kept.shape[1], device=kept.device).expand_as(kept))
        return home.scatter(1, given, into)

    return tokens.moved(x.view(*kept.shape, dim), new_size.view(kept.shape), Move(kept, group))


def most_similar(sources: Tensor, destinations: Tensor) -> tuple[Tensor, Tensor]:
    """For every source its most similar destination (cosine).

    Args:
        sources: ``[batch, sources, dim]``.
        destinations: ``[batch, destinations, dim]``.

    Returns:
        the similarity and the number of the destination, each ``[batch, sources]``.
    """
    products = nn.functional.normalize(sources, dim=-1) @ destinations.transpose(1, 2)
    # dividing the products, and not the destinations, spares a copy of those
    best = (products / destinations.norm(dim=-1).clamp(min=1e-12).unsqueeze(1)).max(dim=-1)
    return best.values, best.indices
