"""Squeezing the tokens that are dropped into the kept ones that are most like them."""

import math
from dataclasses import replace

import torch
from torch import Tensor

from prunarium.ops.absorbing import absorb
from prunarium.ops.tokens import Tokens, gather

EPS = 1e-6
"""Added to the length of a token."""


def squeeze(tokens: Tokens, kept: Tensor, dropped: Tensor, temperature: float = 1.0) -> Tokens:
    """Every dropped token joins its most similar kept one (cosine), with weight exp(similarity / temperature).

    A kept token weighs e. Wei et al., CVPR 2023 (arXiv 2304.10716), section 3.3.

    Args:
        tokens: the tokens; the prefix takes no part.
        kept: which to keep ``[batch, kept]``, counted from the first token after the prefix, in their new order.
        dropped: the others ``[batch, dropped]``.
        temperature: the lower, the more a similar token weighs.
    """
    prefix, ones = tokens.prefix, tokens.x.new_ones(tokens.x.shape[:2])
    length = tokens.x.norm(dim=-1) + EPS
    (sources, ours), (seats, theirs) = (
        (gather(tokens.x, index + prefix), length.gather(1, index + prefix)) for index in (dropped, kept)
    )
    alike = sources @ seats.transpose(1, 2) / (ours.unsqueeze(2) * theirs.unsqueeze(1))
    similarity, host = alike.max(dim=-1)
    share = (similarity / temperature - 1).exp().to(ones.dtype)  # of a weight of e
    squeezed = absorb(tokens, kept, dropped, host, alike=True, share=share)
    size = ones if tokens.size is None else tokens.size
    whole = size.gather(1, kept + prefix).scatter_add(1, host, size.gather(1, dropped + prefix))
    return replace(squeezed, size=torch.cat([size[:, :prefix], whole], dim=1))


def squeeze_softly(tokens: Tokens, thinned: Tokens, temperature: float = 1.0) -> Tokens:
    """What ``squeeze`` does, with every token still in its place: for training.

    Args:
        tokens: the tokens.
        thinned: the same, of which fewer are there; gradients flow through ``there``.
        temperature: as for ``squeeze``.
    """
    prefix, after = tokens.prefix, thinned.there
    assert after is not None, "thin the tokens first"
    x, wanted = tokens.x[:, prefix:], after[:, prefix:]
    unit = x / (x.norm(dim=-1, keepdim=True) + EPS)
    before = torch.ones_like(wanted) if tokens.there is None else tokens.there[:, prefix:]
    similarity = (unit @ unit.transpose(1, 2)).masked_fill((wanted < 0.5).unsqueeze(1), -torch.inf)
    best, host = similarity.max(dim=-1)
    weight = (best / temperature).exp() * (before - wanted)
    total = torch.full_like(weight, math.e).scatter_add(1, host, weight)
    sums = (x * math.e).scatter_add(1, host.unsqueeze(-1).expand_as(x), x * weight.unsqueeze(-1))
    return replace(thinned, x=torch.cat([tokens.x[:, :prefix], sums / total.unsqueeze(-1)], dim=1))
