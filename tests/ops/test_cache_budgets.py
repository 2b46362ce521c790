"""Budgets of the layers of a cache."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from prunarium.ops import equal_prefixes, in_proportion
from tests.bisection import bisected


@given(st.integers(0, 1000), st.integers(2, 4), st.integers(2, 9), st.floats(0, 1))
def test_sorting_finds_what_bisection_finds(seed, layers, entries, part):
    draw = torch.Generator().manual_seed(seed)
    importance = torch.rand(layers, 2, entries, generator=draw, dtype=torch.float64) ** 3 + 1e-3
    total = torch.tensor([layers + int(part * layers * (entries - 1)), layers * entries])
    counts = equal_prefixes(importance, total, torch.ones(2, entries, dtype=torch.bool))
    falling = importance.sort(dim=-1, descending=True).values
    for sample in range(2):
        assert counts[:, sample].tolist() == bisected(falling[:, sample].tolist(), int(total[sample]))
        assert counts[:, sample].sum() == total[sample]


def test_what_is_not_there_is_not_counted():
    draw = torch.Generator().manual_seed(0)
    importance = torch.rand(3, 1, 7, generator=draw)
    padded = torch.cat([torch.ones(3, 1, 2), importance], dim=2)
    there = torch.tensor([[False] * 2 + [True] * 7])
    for total in range(1, 22):
        plain = equal_prefixes(importance, torch.tensor([total]), there[:, 2:])
        assert torch.equal(equal_prefixes(padded, torch.tensor([total]), there), plain)
        assert plain.sum() == total


def test_layers_alike_keep_alike():
    importance = torch.arange(1.0, 9).expand(4, 1, -1)
    assert equal_prefixes(importance, torch.tensor([12]), torch.ones(1, 8, dtype=torch.bool)).tolist() == [[3]] * 4


def test_in_proportion():
    weight = torch.tensor([[1.0, 0.0], [2.0, 1.0], [3.0, 9.0]])
    share = in_proportion(weight, 0.25)
    assert share[:, 0].tolist() == pytest.approx([0.125, 0.25, 0.375])
    assert share[:, 1].tolist() == pytest.approx([0.01, 0.075, 0.675])
    assert in_proportion(weight, 0.9, least=0.2)[:, 1].tolist() == pytest.approx([0.2, 0.27, 1.0])
