"""VL-Cache against a literal implementation of the paper's equations 1 and 2 and algorithm 1; there is no official
code."""

import pytest

from prunarium import load

from .cached import AFTER, TOKENS, layers_of

QUESTION = range(TOKENS - AFTER, TOKENS)


def density(attention, threshold):
    """Share of what the text after the image may see that it attends to, the mean over heads."""
    total = 0.0
    for head in attention:
        seen = there = 0
        for query in QUESTION:
            row = [float(head[query, key]) for key in range(query + 1)]
            seen += len(row)
            there += sum(value >= threshold * max(row) for value in row)
        total += there / seen
    return total / len(attention)


@pytest.mark.parametrize("share, threshold", [(0.1, 0.01), (0.5, 0.05), (0.85, 0.3)])
def test_layers_share_by_density_and_rank_by_the_question(share, threshold):
    layers = layers_of(load("vl-cache", keep_rate=share, threshold=threshold))
    for sample in range(2):
        dense = [density(layer.attention[sample], threshold) for layer in layers]
        shares = [min(max(one / sum(dense) * share * len(layers), 0.01), 1.0) for one in dense]
        assert max(shares) > 1.02 * min(shares)
        for layer, part in zip(layers, shares, strict=True):
            count = max(1, round(part * TOKENS))
            recent = list(range(TOKENS - int(0.1 * count), TOKENS))
            for head in range(2):
                rows = layer.attention[sample, 2 * head : 2 * head + 2].mean(dim=0)
                score = [float(sum(rows[query, key] for query in QUESTION)) for key in range(TOKENS)]
                others = sorted(set(range(TOKENS)) - set(recent), key=lambda token: -score[token])
                kept = sorted(recent + others[: count - len(recent)])
                assert layer.kept(sample, head) == kept
                layer.check(sample, head, layer.keys[sample, head, kept], layer.values[sample, head, kept])


def test_denser_layers_keep_more():
    layers = layers_of(load("vl-cache", keep_rate=0.5))
    pairs = [(density(layer.attention[0], 0.01), len(layer.kept(0, 0))) for layer in layers]
    counts = [count for _, count in sorted(pairs)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]
