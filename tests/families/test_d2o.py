"""D2O against a second implementation of its rule, entry by entry, over a prompt and words."""

import math
from dataclasses import replace

import pytest
import torch

from prunarium import load
from prunarium.ops import Entries

LAYERS, HEADS, TOKENS, DIM = 3, 2, 20, 4


def drawn(tokens, seed):
    """A layer's entries, with weights ``[1, heads, tokens]``."""
    draw = torch.Generator().manual_seed(seed)
    keys, values = torch.randn(2, 1, HEADS, tokens, DIM, generator=draw, dtype=torch.float64)
    weight = torch.rand(1, HEADS, tokens, generator=draw, dtype=torch.float64) * (seed % 3 + 1)
    return Entries(keys, values, torch.arange(tokens).expand(1, HEADS, -1), weight=weight)


def cosine(a, b):
    return float(a @ b / (a.norm() * b.norm()))


def compensated(head, count, recent, sinks, threshold):
    """Of entries ``(place, key, value, weight)``: those left, what they hold, and the threshold."""
    older = list(range(sinks, len(head) - recent))
    older.sort(key=lambda n: -head[n][3])
    stays = sorted({*range(sinks), *older[: count - recent - sinks], *range(len(head) - recent, len(head))})
    goes = [n for n in range(len(head)) if n not in stays]
    if not goes:
        return head, threshold
    host, alike = {}, {}
    for n in goes:
        host[n] = max(stays, key=lambda m: cosine(head[n][1], head[m][1]))
        alike[n] = cosine(head[n][1], head[host[n]][1])
    now = sum(alike.values()) / len(goes)
    threshold = now if threshold is None else 0.5 * now + 0.5 * threshold
    left = []
    for m in stays:
        guests = [n for n in goes if host[n] == m and alike[n] >= threshold]
        total = math.e + sum(math.exp(alike[n]) for n in guests)
        key, value = (
            (math.e * head[m][part] + sum(math.exp(alike[n]) * head[n][part] for n in guests)) / total
            for part in (1, 2)
        )
        left.append((head[m][0], key, value, head[m][3]))
    return left, threshold


def sizes(cache, mean):
    """Entries of each layer."""
    spread = [float(entries.weight.mean(dim=1).var(correction=0)) for entries in cache]
    even = [math.exp(-one / sum(spread)) for one in spread]
    exact = [one / sum(even) * mean * len(cache) for one in even]
    whole = [int(one) for one in exact]
    for layer in sorted(range(len(cache)), key=lambda n: whole[n] - exact[n])[: mean * len(cache) - sum(whole)]:
        whole[layer] += 1
    return whole


def listed(entries, head):
    """The entries of one head, one by one."""
    parts = (entries.place, entries.keys, entries.values, entries.weight)
    return [(int(p), k, v, float(w)) for p, k, v, w in zip(*(part[0, head] for part in parts), strict=True)]


@pytest.mark.parametrize("sinks", [0, 2])
def test_a_prompt_and_words(sinks):
    method = load("d2o", keep_rate=0.5, sinks=sinks)
    cache = [drawn(TOKENS, seed) for seed in (1, 5, 9)]
    left = method.evict(cache)
    counts = sizes(cache, TOKENS // 2)
    assert len(set(counts)) > 1
    for layer, count in enumerate(counts):
        held, size = left[layer], torch.tensor([[count] * HEADS])
        recent = min(round(count * 0.5), count - sinks)
        expected = [compensated(listed(cache[layer], n), count, recent, sinks, None) for n in range(HEADS)]
        for word in range(4):
            for head, (entries, threshold) in enumerate(expected):
                assert held.place[0, head].tolist() == [place for place, *_ in entries]
                for part, found in ((1, held.keys), (2, held.values)):
                    torch.testing.assert_close(found[0, head], torch.stack([entry[part] for entry in entries]))
                assert float(held.memory[0, head]) == pytest.approx(threshold)
            held = with_word(held, drawn(1, 20 + word), TOKENS + word)
            expected = [
                compensated(listed(held, head), count, recent, sinks, threshold)
                for head, (_, threshold) in enumerate(expected)
            ]
            held = method.trim(held, torch.tensor([[TOKENS] * HEADS]), size, layer)


def with_word(held, word, place):
    """The entries and one of a new word."""
    joined = {
        name: torch.cat([getattr(held, name), getattr(word, name)], dim=2) for name in ("keys", "values", "weight")
    }
    places = torch.cat([held.place, torch.full((1, HEADS, 1), place)], dim=2)
    return replace(held, place=places, **joined)


def test_entries_that_are_much_alike_live_on_in_their_hosts():
    entries = drawn(8, 1)
    keys = entries.keys.clone()
    keys[..., 3, :] = keys[..., 6, :]  # of a recent one, which stays
    entries = replace(entries, keys=keys, weight=torch.tensor([5.0, 4, 3, 0, 2, 1, 0, 0]).expand(1, HEADS, -1))
    left = load("d2o", capacity=5, sinks=1).evict([entries])[0]
    assert left.place[0, 0].tolist() == [0, 1, 2, 6, 7]
    torch.testing.assert_close(left.values[..., 3, :], (entries.values[..., 3, :] + entries.values[..., 6, :]) / 2)
