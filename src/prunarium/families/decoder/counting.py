"""How many entries a method leaves in the cache, found without a model."""

from dataclasses import replace

import torch

from prunarium.families.base import Attention, Shape
from prunarium.families.caching.rows import Rows, offers
from prunarium.families.decoder.method import DecoderMethod
from prunarium.families.decoder.soft_tokens import SoftTokenMethod
from prunarium.ops import Entries

DIM = 4  # of the random keys


def entries_left(method: DecoderMethod, shape: Shape) -> list[int]:
    """Entries that each layer's cache holds after a prompt, the mean over key heads.

    Args:
        method: any setting of it.
        shape: of the model; its tokens are the prompt's.
    """
    assert shape.tokens is not None
    if isinstance(method, SoftTokenMethod):
        return [method.entries(shape.tokens)] * shape.depth
    method, tokens = method.fit(shape), shape.tokens
    draw = torch.Generator().manual_seed(0)
    if method.writes("pass_on"):
        return _passed_on(method, shape.depth, tokens, draw)
    if method.skips:
        return _worked_on(method, shape, draw)
    cache = []
    for layer in range(shape.depth):
        queries, keys, values = torch.randn(3, 1, 1, tokens, DIM, generator=draw)
        rows = Rows(queries, keys, None, DIM**-0.5)
        attention = _attention(method, rows)
        if layer == method.selecting_layer:
            return [int(method.select(attention, torch.ones(1, tokens, dtype=torch.bool)).sum())] * shape.depth
        entries = Entries(keys, values, torch.arange(tokens).view(1, 1, -1))
        if method.weighs:
            weight = method.weigh(attention, entries, layer).mean(dim=1, keepdim=True)
            entries = replace(entries, weight=weight.expand(entries.place.shape))
        if method.lowers:
            marked = method.mark_down(attention, torch.ones(1, tokens, dtype=torch.bool), layer)
            entries = replace(entries, weight=marked.sum(dim=1, keepdim=True))
        cache.append(entries)
    return [round(left.lengths.double().mean().item()) for left in method.evict(cache)]


def _passed_on(method: DecoderMethod, depth: int, tokens: int, draw: torch.Generator) -> list[int]:
    """Tokens that each layer sees for the first word."""
    seen = []
    for layer in range(depth):
        seen.append(tokens)
        if layer in method.passing_layers:
            queries, keys = torch.randn(2, 1, 1, tokens, DIM, generator=draw)
            there = torch.ones(1, tokens, dtype=torch.bool)
            attention = _attention(method, Rows(queries, keys, None, DIM**-0.5))
            tokens = int(method.pass_on(attention, there, layer).sum())
    return seen


def _worked_on(method: DecoderMethod, shape: Shape, draw: torch.Generator) -> list[int]:
    """Tokens of a prompt that each layer works on."""
    assert shape.tokens is not None
    there, counts = torch.ones(1, shape.tokens, dtype=torch.bool), []
    for layer in range(shape.depth):
        chosen = method.choose(torch.randn(1, shape.tokens, shape.dim, generator=draw), there, layer, prompt=True)
        counts.append(shape.tokens if chosen is None else int(chosen.sum()))
    return counts


def _attention(method: DecoderMethod, rows: Rows) -> Attention:
    offered = offers(lambda: rows, method.observed)
    offered["samples"], offered["words"] = lambda: torch.zeros(1, dtype=torch.long), lambda: torch.tensor(0)
    offered["queries"] = lambda: rows.queries
    offered["coming_rotary"] = lambda: torch.tensor([1.0, 0.0]).view(2, 1, 1, 1).expand(-1, -1, -1, DIM)
    return Attention(method.needs, offered)
