"""VATP against a literal implementation of its rule: attention received so far, times the length of the value."""

import pytest
import torch

from prunarium import load
from prunarium.ops import received

from .decoder_models import attention_of, whole

HEADS, TOKENS = 2, 20


def literal(attention, values, count, sinks, recent):
    """Kept tokens of each head, in loops."""
    kept = []
    for rows, contents in zip(attention, values, strict=True):
        score = {}
        for token in range(sinks, TOKENS - recent):
            weight = sum(float(rows[query][token]) for query in range(token, TOKENS))
            score[token] = weight * sum(abs(float(number)) for number in contents[token])
        best = sorted(score, key=lambda token: -score[token])[: count - recent - sinks]
        kept.append(sorted([*range(sinks), *best, *range(TOKENS - recent, TOKENS)]))
    return kept


@pytest.mark.parametrize(("count", "sinks", "recent"), [(10, 3, 4), (8, 0, 6), (15, 4, 5)])
def test_what_stays(count, sinks, recent):
    draw = torch.Generator().manual_seed(count)
    queries, keys, values = torch.randn(3, 1, HEADS, TOKENS, 8, generator=draw, dtype=torch.float64)
    values = values * torch.rand(1, HEADS, TOKENS, 1, generator=draw) * 3
    method = load("vatp", capacity=count, sinks=sinks, recent=recent / count)
    above = torch.ones(TOKENS, TOKENS, dtype=torch.bool).triu(1)
    rows = (queries @ keys.transpose(2, 3) / 8**0.5).masked_fill(above, -torch.inf).softmax(-1)
    entries = whole(keys, values)
    weight = method.weigh(attention_of(method, queries, keys), entries, 0)
    torch.testing.assert_close(weight, received(rows))
    (left,) = method.evict([type(entries)(keys, values, entries.place, weight=weight)])
    assert left.place[0].tolist() == literal(rows[0], values[0], count, sinks, recent)
    alone = load("h2o", capacity=count, recent=recent / count).evict(
        [type(entries)(keys, values, entries.place, weight=weight)]
    )
    assert alone[0].place.tolist() != left.place.tolist()
