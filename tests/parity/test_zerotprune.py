"""Zero-TPrune against a second, literal implementation of what the paper describes: there is no official code."""

import math

import pytest
import torch

from prunarium import load
from prunarium.families import Attention, Shape
from prunarium.ops import Tokens


def votes(attention, rounds, start, alive):
    """Algorithm 1 for one head: everybody hands out importance along attention; ends with mean 1."""
    score = [start[i] if i in alive else 0.0 for i in range(len(attention))]
    for _ in range(rounds):
        score = [
            sum(attention[voter][i] * score[voter] for voter in alive) if i in alive else 0.0 for i in range(len(score))
        ]
    mean = sum(score) / len(alive)
    return [one / mean for one in score]


def importance(heads, rounds, start, alive, patches, low, high):
    """Variance-based head filter, then the root mean square over the heads that are left."""
    scores = [votes(head, rounds, start, alive) for head in heads]
    listened = []
    for score in scores:
        values = [score[i] for i in patches]
        mean = sum(values) / len(values)
        if low <= sum((value - mean) ** 2 for value in values) / len(values) <= high:
            listened.append(score)
    listened = listened or scores
    return {i: math.sqrt(sum(score[i] ** 2 for score in listened) / len(listened)) for i in patches}


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def literal(attention, keys, kept, similar, rounds, low, high, stress):
    """Which tokens of one sample stay: stages I', S and I; token 0 is the cls token."""
    heads, count = attention.tolist(), attention.shape[-1]
    vectors = [[value for head in keys.tolist() for value in head[i]] for i in range(count)]
    start = [math.sqrt(count) if stress and i == 0 else 1.0 for i in range(count)]
    patches = list(range(1, count))
    first = importance(heads, 1, start, range(count), patches, low, high)
    rising = sorted(patches, key=lambda i: first[i])
    lower, upper = rising[: len(rising) // 2], rising[len(rising) // 2 :]
    likeness = {i: max(cosine(vectors[i], vectors[j]) for j in upper) for i in lower}
    gone = set(sorted(lower, key=lambda i: -likeness[i])[:similar])
    left = [i for i in patches if i not in gone]
    last = importance(heads, rounds, start, [0, *left], left, low, high)
    return sorted(sorted(left, key=lambda i: -last[i])[:kept])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("keep_rate", "share", "variance", "stress"),
    [(0.6, 0.5, (0.01, 0.7), True), (0.8, 0.0, (0.0, 9.0), False), (0.5, 1.0, (0.05, 0.3), True)],
)
def test_agrees_with_the_literal_one(seed, keep_rate, share, variance, stress):
    draw = torch.Generator().manual_seed(seed)
    batch, heads, count = 2, 3, 27
    gains = torch.tensor([0.2, 0.6, 1.5], dtype=torch.double)[:, None, None]  # heads that the filter tells apart
    attention = (gains * torch.randn(batch, heads, count, count, generator=draw, dtype=torch.double)).softmax(-1)
    keys = torch.randn(batch, heads, count, 5, generator=draw, dtype=torch.double)
    method = load("zero-tprune", keep_rate=keep_rate, similar_share=share, variance=variance, stress_cls=stress)
    method = method.fit(Shape(family="vit", depth=12, prefix=1, tokens=count, stages=(3, 6, 9), dim=4))
    offers = Attention(method.needs, {"full_attention": lambda: attention, "keys": lambda: keys})
    for block, rounds in ((3, 30), (6, 5), (10, 1)):  # the votes are cast in the block before
        tokens = Tokens(torch.zeros(batch, count, 4, dtype=torch.double), prefix=1)
        after = method.reduce(tokens, offers, block)
        kept = math.ceil(keep_rate * (count - 1))
        similar = round(share * (count - 1 - kept))
        expected = [literal(attention[i], keys[i], kept, similar, rounds, *variance, stress) for i in range(batch)]
        assert after.moves[0].position[:, 1:].tolist() == expected
