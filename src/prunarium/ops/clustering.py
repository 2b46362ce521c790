"""Grouping tokens by how near they are to each other: around density peaks, around medoids, or bottom up."""

from typing import Literal

import torch
from torch import Tensor, nn

from prunarium.errors import PrunariumError

Linkage = Literal["average", "complete", "single"]
"""How far two clusters are apart: the mean, the largest or the smallest distance of their members."""


def density_peaks(x: Tensor, count: int, neighbours: int) -> tuple[Tensor, Tensor]:
    """Cluster around tokens that are dense and far from any denser one.

    A token's density is exp(-mean squared distance to its nearest tokens / dim), itself among them. Its score is its
    density times its distance to the nearest denser token; the densest gets the largest distance there is. The logs of
    both are compared, so that no density vanishes. Du et al., Knowledge-Based Systems 99, 2016. Of two tokens nearest
    to each other, which are equally dense for 2 neighbours, the first is taken for the denser.

    Args:
        x: ``[batch, tokens, dim]``.
        count: how many clusters to make.
        neighbours: how many nearest tokens a density is of.

    Returns:
        the tokens that are centres, best score first ``[batch, count]``; for every token the number of its cluster
        ``[batch, tokens]``.
    """
    squared = _squared_distances(x)
    pairs = neighbours == 2  # two tokens that are nearest to each other are then equally dense
    if pairs:
        squared = (squared + squared.transpose(1, 2)) / 2
        squared.diagonal(dim1=1, dim2=2).zero_()
    nearby = squared.topk(min(neighbours, x.shape[1]), dim=-1, largest=False, sorted=False).values
    log_density = -nearby.mean(dim=-1) / x.shape[-1]
    denser = log_density.unsqueeze(1) > log_density.unsqueeze(2)
    if pairs:  # not for rounding to decide
        denser = denser | (log_density.unsqueeze(1) == log_density.unsqueeze(2)).tril(-1)
    apart = squared.where(denser, squared.amax(dim=(1, 2), keepdim=True)).amin(dim=-1)
    centres = (apart.log() / 2 + log_density).topk(count, dim=-1).indices
    return centres, _nearest(squared, centres)


def k_medoids(x: Tensor, weight: Tensor, count: int, rounds: int) -> tuple[Tensor, Tensor]:
    """Cluster around tokens that are near to all others, from the heaviest tokens on.

    In every round each token joins its nearest medoid, and the member of a cluster with the least
    ``weight * sum of distances to all tokens`` becomes its medoid. A factor common to all weights of a sample changes
    nothing.

    Args:
        x: ``[batch, tokens, dim]``.
        weight: of every token ``[batch, tokens]``.
        count: how many clusters to make.
        rounds: how often the medoids move.

    Returns:
        the tokens that are medoids ``[batch, count]``; for every token the number of its cluster ``[batch, tokens]``.
    """
    distance = _squared_distances(x).sqrt_()
    order = (weight * distance.sum(dim=-1)).argsort(dim=-1, stable=True)
    places = torch.arange(x.shape[1], device=x.device).expand_as(order)
    rank = torch.empty_like(order).scatter(1, order, places)
    medoids = weight.topk(count, dim=-1).indices
    group = _nearest(distance, medoids)
    for _ in range(rounds):
        best = rank.gather(1, medoids).scatter_reduce(1, group, rank, "amin")
        medoids = order.gather(1, best)
        group = _nearest(distance, medoids)
    return medoids, group


@torch.compiler.disable
def agglomerate(x: Tensor, count: int, linkage: Linkage) -> Tensor:
    """Merge the two nearest clusters until so many are left, by cosine distance. On the CPU, sample by sample.

    Args:
        x: ``[batch, tokens, dim]``.
        count: how many clusters to leave.
        linkage: the distance of two clusters: the mean, largest (``complete``) or smallest (``single``) of their pairs.

    Returns:
        for every token the number of its cluster, by first members ``[batch, tokens]``.

    Raises:
        PrunariumError: ``x`` is not finite.
    """
    from scipy.cluster.hierarchy import linkage as all_merges

    batch, tokens, _ = x.shape
    unit = nn.functional.normalize(x.detach().cpu().double(), dim=-1)
    first, second = torch.triu_indices(tokens, tokens, 1)
    distance = 1 - (unit @ unit.transpose(1, 2))[:, first, second]
    if not distance.isfinite().all():
        raise PrunariumError("tokens that are not finite cannot be clustered: the model's activations overflow")
    steps = tokens - count
    parent = torch.arange(tokens + steps).repeat(batch, 1)
    for sample, pairs in enumerate(distance.numpy()):
        merged = torch.from_numpy(all_merges(pairs, linkage)[:steps, :2]).long()
        parent[sample, merged] = torch.arange(tokens, tokens + steps).unsqueeze(1)
    for _ in range(steps.bit_length()):  # every pass doubles how far a token sees towards its cluster's root
        parent = parent.gather(1, parent)
    return _numbered(parent[:, :tokens]).to(x.device)


def _squared_distances(x: Tensor) -> Tensor:
    """Of all pairs, Euclidean; in single precision at least, outside any gradient ``[batch, tokens, tokens]``."""
    x = x.detach()
    x = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    with torch.autocast(x.device.type, enabled=False):
        length = x.square().sum(dim=-1)
        lengths = length.unsqueeze(1) + length.unsqueeze(2)
        return lengths.baddbmm_(x, x.transpose(1, 2), alpha=-2).clamp_(min=0)


def _nearest(distance: Tensor, centres: Tensor) -> Tensor:
    """The number of every token's nearest centre; a centre is its own ``[batch, tokens]``."""
    to_centres = distance.gather(2, centres.unsqueeze(1).expand(-1, distance.shape[1], -1))
    own = torch.arange(centres.shape[1], device=centres.device).expand_as(centres)
    return to_centres.argmin(dim=-1).scatter(1, centres, own)


def _numbered(label: Tensor) -> Tensor:
    """The same partition, numbered from 0 in the order of first members ``[batch, tokens]``."""
    batch, tokens = label.shape
    places = torch.arange(tokens).expand(batch, -1)
    first = torch.full((batch, 2 * tokens), tokens).scatter_reduce(1, label, places, "amin").gather(1, label)
    return ((first == places).cumsum(dim=1) - 1).gather(1, first)
