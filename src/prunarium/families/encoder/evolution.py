"""Evolutionary search of how many tokens each layer leaves."""

from collections.abc import Callable

import numpy as np

Lengths = tuple[int, ...]
CONSTANT_DROPS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
"""Shares lost in every layer by the configurations that a search begins with."""


def evolve(
    tokens: int,
    depth: int,
    quality: Callable[[Lengths], float],
    cost: Callable[[Lengths], float],
    rounds: int,
    draw: np.random.Generator,
    children: int = 10,
    mutated: float = 0.5,
) -> list[tuple[float, float, Lengths]]:
    """Length configurations that none found is better than at their cost.

    Kim and Cho, ACL 2021 (arXiv 2010.07003): the frontier of quality and cost is mutated and crossed over,
    and the frontier of all is the next one.

    Args:
        tokens: in a text, the most that a layer can leave.
        depth: layers.
        quality: of a configuration; more is better.
        cost: of a configuration; less is better.
        rounds: how often the frontier is renewed.
        draw: where the chances come from.
        children: made in each round by mutation, and as many by crossover.
        mutated: chance of each layer's length to change in a mutation.

    Returns:
        cost, quality and lengths, never rising from layer to layer; cheapest first.
    """
    begun = {
        tuple(max(1, round(tokens * (1 - drop) ** (layer + 1))) for layer in range(depth)) for drop in CONSTANT_DROPS
    }
    known = {lengths: (cost(lengths), quality(lengths)) for lengths in sorted(begun, reverse=True)}
    for _ in range(rounds):
        parents = [lengths for _, _, lengths in _frontier(known)]
        born = [_mutation(parents[draw.integers(len(parents))], tokens, mutated, draw) for _ in range(children)]
        for _ in range(children if len(parents) > 1 else 0):
            one, other = draw.choice(len(parents), size=2, replace=False)
            born.append(tuple((a + b) // 2 for a, b in zip(parents[one], parents[other], strict=True)))
        for lengths in born:
            if lengths not in known:
                known[lengths] = cost(lengths), quality(lengths)
    return _frontier(known)


def _mutation(lengths: Lengths, tokens: int, mutated: float, draw: np.random.Generator) -> Lengths:
    """Some layers' lengths drawn anew, between that of the next layer and the new one of the layer before."""
    made: list[int] = []
    for layer, length in enumerate(lengths):
        most = made[-1] if made else tokens
        least = lengths[layer + 1] if layer + 1 < len(lengths) else 1
        made.append(int(draw.integers(min(least, most), most + 1)) if draw.random() < mutated else min(length, most))
    return tuple(made)


def _frontier(known: dict[Lengths, tuple[float, float]]) -> list[tuple[float, float, Lengths]]:
    best: list[tuple[float, float, Lengths]] = []
    for lengths, (spent, found) in sorted(known.items(), key=lambda one: (one[1][0], -one[1][1], one[0])):
        if not best or found > best[-1][1]:
            best.append((spent, found, lengths))
    return best
