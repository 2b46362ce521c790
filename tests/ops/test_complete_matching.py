"""Matching without sides, against the words of the paper, and its merge."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prunarium.ops import Tokens, complete_matching, groups, match_any


@st.composite
def cases(draw):
    count, r = draw(st.integers(2, 20)), draw(st.integers(0, 12))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 99)))
    metric = torch.randn(2, count, 4, generator=generator, dtype=torch.double)
    importance = torch.rand(2, count, generator=generator, dtype=torch.double)
    protected = torch.zeros(2, count, dtype=torch.bool)
    protected[:, : draw(st.integers(0, 2))] = True
    return metric, importance, r, protected


def literally(metric, importance, r, barred):
    """One sample, token by token: sources in order, and the destination of each."""
    unit = [row / row.norm() for row in metric]
    free = [i for i in range(len(unit)) if not barred[i]]
    alike = {(i, j): float(unit[min(i, j)] @ unit[max(i, j)]) for i in free for j in free if i != j}
    ranked = sorted(free, key=lambda i: -max((alike[i, j] for j in free if j != i), default=0))
    score = {}
    for place, i in enumerate(ranked):
        behind = [alike[i, j] for j in ranked[place + 1 :]]
        score[i] = float(importance[i]) - max(behind) if behind else float("inf")
    sources = sorted(free, key=lambda i: score[i])[: min(r, len(free) // 2)]
    rest = [j for j in free if j not in sources]
    return sources, [max(rest, key=lambda j: alike[i, j]) for i in sources]


@settings(deadline=None, max_examples=80)
@given(cases())
def test_against_the_words(case):
    metric, importance, r, protected = case
    matching = complete_matching(metric, importance, r, protected)
    for sample in range(2):
        sources, destinations = literally(metric[sample], importance[sample], r, protected[sample])
        assert matching.sources[sample].tolist() == sources
        assert matching.destinations[sample].tolist() == destinations


@settings(deadline=None, max_examples=60)
@given(cases(), st.booleans())
def test_merging(case, sized):
    metric, importance, r, protected = case
    matching = complete_matching(metric, importance, r, protected)
    count, lost = metric.shape[1], matching.sources.shape[1]
    size = 1 + torch.arange(2 * count).view(2, count).double() % 3 if sized else None
    after = matching.merge(Tokens(metric, size=size, original=count))
    assert after.count == count - lost
    size = torch.ones(2, count).double() if size is None else size
    for sample in range(2):
        total = metric[sample] * size[sample, :, None]
        new_size = size[sample].clone()
        pairs = zip(matching.sources[sample], matching.destinations[sample], matching.weight[sample], strict=True)
        for source, into, (its, others) in pairs:
            total[into] += its * metric[sample, source] * size[sample, source]
            total[into] += (others - 1) * metric[sample, into] * size[sample, into]
            new_size[into] += size[sample, source]
        left = [i for i in range(count) if i not in matching.sources[sample].tolist()]
        assert torch.allclose(after.x[sample], (total / new_size[:, None])[left])
        assert after.positions()[sample].tolist() == left
        home = groups(after.moves, 2, count)[sample] if lost else torch.arange(count)
        for source, into in zip(matching.sources[sample], matching.destinations[sample], strict=True):
            assert home[source] == home[into] == left.index(into)


def test_of_two_nearest_to_each_other_the_earlier_one_merges():
    similarity = torch.tensor([[[1.0, 0.9, 0.1], [0.9, 1.0, 0.2], [0.1, 0.2, 1.0]]])
    matching = match_any(similarity, torch.zeros(1, 3), 1)
    assert matching.sources.tolist() == [[0]]
    assert matching.destinations.tolist() == [[1]]
