"""CSP against a literal implementation of the paper's equations 1, 2 and 7; there are no official numbers."""

import math

import pytest
import torch

from prunarium import load
from prunarium.families import Attention
from prunarium.ops import Entries

TOKENS, HEADS, KEY_HEADS = 40, 4, 2
IMAGES = {"one image": [*range(3, 33)], "two images": [*range(2, 12), *range(16, 37)]}


def inputs(name, seed=0):
    draw = torch.Generator().manual_seed(seed)
    image = torch.zeros(TOKENS, dtype=torch.bool)
    image[IMAGES[name]] = True
    above = torch.ones(TOKENS, TOKENS, dtype=torch.bool).triu(1)
    logits = (2 * torch.randn(2, HEADS, TOKENS, TOKENS, generator=draw)).masked_fill(above, -torch.inf)
    keys, values = torch.randn(2, 2, KEY_HEADS, TOKENS, 8, generator=draw)
    return logits, keys, values, image


def literal(logits, image, keep, recent, observation, self_share, n):
    """Kept tokens of one sample, of all heads alike."""
    window = min(int(TOKENS * recent), int(TOKENS * keep) // 2)
    room = int(TOKENS * keep) - window
    own, other = [0.0] * TOKENS, [0.0] * TOKENS
    for query in range(TOKENS - max(1, int(TOKENS * observation)), TOKENS):
        for key in range(query + 1):
            attention = 0.0
            for head in logits:
                total = n + sum(math.exp(float(head[query, one])) for one in range(query + 1))
                attention += math.exp(float(head[query, key])) / total / len(logits)
            if image[query] == image[key]:
                own[key] += attention
            else:
                other[key] += attention
    older = range(TOKENS - window)
    within = sorted((key for key in older if own[key] > 0), key=lambda key: -own[key])
    across = sorted((key for key in older if other[key] > 0), key=lambda key: -other[key])
    first = min(int(room * self_share), len(within))
    second = min(room - first, len(across))
    first = room - second
    return sorted({*within[:first], *across[:second], *range(TOKENS - window, TOKENS)})


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize(
    "setting",
    [
        {},
        {"keep_rate": 0.5, "recent": 0.2, "observation": 0.3},
        {"keep_rate": 0.6, "self_share": 0.9, "observation": 0.5, "n": 0.0},
        {"keep_rate": 0.4, "self_share": 0.0, "recent": 0.0, "n": 30.0},
        {"keep_rate": 0.9, "observation": 1.0},
    ],
)
def test_kept_tokens(name, setting):
    method = load("csp", **setting)
    logits, keys, values, image = inputs(name)
    offers = {
        "logits": lambda: logits,
        "image_places": lambda: image.nonzero()[:, 0].expand(2, -1),
        "prompt_there": lambda: torch.ones(2, TOKENS, dtype=torch.bool),
    }
    weight = method.weigh(Attention(method.needs, offers), 0)
    shape = keys.shape[:3]
    entries = Entries(keys, values, torch.arange(TOKENS).expand(shape), image.expand(shape))
    (left,) = method.evict([entries], [weight])
    rules = method.model_dump()
    keep = rules.pop("keep_rate")
    for sample in range(2):
        kept = literal(logits[sample].double(), image, keep, **rules)
        assert left.place[sample, 0][left.visible[sample, 0]].tolist() == kept
        there = left.visible[sample]
        assert torch.equal(left.place[sample][there].view(KEY_HEADS, -1), torch.tensor([kept] * KEY_HEADS))
        assert torch.equal(left.keys[sample][there].view(KEY_HEADS, len(kept), -1), keys[sample][:, kept])
        assert torch.equal(left.values[sample][there].view(KEY_HEADS, len(kept), -1), values[sample][:, kept])
