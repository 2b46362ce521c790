"""Entropic optimal transport between tokens and clusters."""

import math

import torch
from torch import Tensor


def sinkhorn(scores: Tensor, rounds: int) -> Tensor:
    """A transport plan: every token hands out a mass of 1, every cluster takes about as much as any other.

    Computed on logarithms. A round serves the clusters first, then the tokens, so that the tokens' sums are exact and
    the clusters' are as near as the rounds allow.

    Args:
        scores: how well they fit, divided by the temperature ``[batch, clusters, tokens]``.
        rounds: how often both sides are served.
    """
    clusters, tokens = scores.shape[-2:]
    mass = -math.log(clusters + tokens)
    per_token = torch.zeros_like(scores[:, :1])
    for _ in range(rounds):
        per_cluster = mass - (scores + per_token).logsumexp(dim=2, keepdim=True)
        per_token = mass - (scores + per_cluster).logsumexp(dim=1, keepdim=True)
    return (scores + per_cluster + per_token - mass).exp()
