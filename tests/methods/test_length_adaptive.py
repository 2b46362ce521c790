"""Length-Adaptive Transformer: lengths drawn in training, and the search for length configurations."""

import numpy as np
import torch

from prunarium import load
from prunarium.families import evolve, shape_of

from ..families.encoder_models import make, texts


def test_length_drop_loses_at_most_its_share_in_each_layer():
    model = make("BertModel").train()
    seen = set()
    with torch.no_grad(), load("length-adaptive", length_drop=0.3).apply(model) as handle:
        for _ in range(20):
            model(**texts(model))
            counts = torch.cat([torch.tensor([[16], [11], [7]]), handle.report().per_sample(3)], dim=1)
            assert (counts[:, 1:] >= (0.7 * counts[:, :-1]).ceil()).all()
            assert (counts[:, 1:] <= counts[:, :-1]).all()
            seen.add(tuple(counts[0].tolist()))
    assert len(seen) > 5


def test_evolution_finds_the_layers_that_matter():
    """Where only what the last two layers leave matters, the first two are given no more than these."""
    found = evolve(20, 4, lambda lengths: lengths[2] + lengths[3], sum, 40, np.random.default_rng(0))
    assert [cost for cost, _, _ in found] == sorted(cost for cost, _, _ in found)
    assert [quality for _, quality, _ in found] == sorted(quality for _, quality, _ in found)
    for cost, quality, lengths in found:
        assert list(lengths) == sorted(lengths, reverse=True)
        assert (cost, quality) == (sum(lengths), lengths[2] + lengths[3])
    # no more than half can matter; of the constant drops that it begins with, none between these costs comes near
    assert max(quality / cost for cost, quality, _ in found if 40 <= cost <= 60) > 0.45
    assert found == evolve(20, 4, lambda lengths: lengths[2] + lengths[3], sum, 40, np.random.default_rng(0))


def test_search_returns_methods_that_cost_what_is_said():
    model = make("BertModel")
    method = load("length-adaptive")
    batch = texts(model, (12,))
    whole = model(**batch).last_hidden_state[:, 0].detach()

    def quality(turned):
        with torch.no_grad(), turned.apply(model):
            return -float((model(**batch).last_hidden_state[:, 0] - whole).norm())

    frontier = method.search(quality, shape_of(method, model), tokens=12, rounds=3)
    assert len(frontier) > 3
    for budget, found, turned in frontier:
        assert quality(turned) == found
        with torch.no_grad(), turned.apply(model) as handle:
            model(**batch)
            assert abs(handle.report().budget - budget) <= 1e-9
