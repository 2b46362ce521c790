"""FEATHER against a literal second implementation of the paper's rules: there are no numbers of the official code."""

import pytest
import torch
from transformers import DynamicCache

from prunarium import PrunariumError, load

from ..families.vlm_models import make_llava, make_llava_next, prompt_for
from .by_hand import ByHand
from .vlm_models import lengths


def grid_of(rows, columns, stride, newlines=False):
    """Which patches are on the grid, row by row, with or without a newline behind each."""
    behind = [False] if newlines else []
    wide = [column % stride == 0 for column in range(columns)] + behind
    return [row % stride == 0 and wanted for row in range(rows) for wanted in wide]


def packed_grid(stride):
    """Of an image of 40 x 24 pixels in two tiles of 24 x 24, of 6 x 6 patches each: a thumbnail, then 10 rows."""
    return grid_of(6, 6, stride) + grid_of(10, 6, stride, newlines=True)


def literal(model, prompt, layers, drop_rate, on_grid):
    """Sections 4.1 and 4.2, token by token."""
    hand, score = ByHand(model, prompt), {}
    images = hand.positions[hand.image].tolist()
    on_grid = {token for token, wanted in zip(images, on_grid * (len(images) // len(on_grid)), strict=True) if wanted}
    for number, layer in enumerate(model.model.language_model.layers):
        if number in layers:
            there = hand.positions[hand.image].tolist()
            share = (1 - drop_rate) if number == layers[0] else (1 - drop_rate) ** 2
            best = sorted(there, key=lambda token: -score[token])[: max(1, int(len(there) * share))]
            kept = set(best) | (on_grid if number == layers[0] else set())
            hand.keep(torch.tensor([place in kept or place not in images for place in hand.positions.tolist()]))
        from_last = hand.weights(layer, rotate=False)[:, -1].mean(dim=0)
        score = dict(zip(hand.positions.tolist(), from_last.tolist(), strict=True))
        hand.run(layer)
    return hand


@pytest.mark.parametrize("stride", [2, 3])
@pytest.mark.parametrize("drop_rate", [0.5, 0.7, 0.9])
@pytest.mark.parametrize("kind", ["llava", "two images", "llava-next"])
@torch.no_grad()
def test_model(kind, drop_rate, stride):
    model = (make_llava_next() if kind == "llava-next" else make_llava()).double()
    images = 2 if kind == "two images" else 1
    prompt = prompt_for(model, samples=1, images=images)
    prompt["pixel_values"] = prompt["pixel_values"].double()
    layers = (2, 4)
    grid = packed_grid(stride) if kind == "llava-next" else grid_of(6, 6, stride)
    hand = literal(model, prompt, layers, drop_rate, grid)
    cache = DynamicCache(config=model.config.text_config)
    with load("feather", layers=layers, drop_rate=drop_rate, stride=stride).apply(model) as handle:
        out = model(**prompt, past_key_values=cache, use_cache=True)
        left = (handle.source()[0] >= 0).nonzero()[:, 0]
    assert (out.logits[0, -1] - hand.logits()).abs().max() <= 1e-6
    assert lengths(cache) == hand.cached
    every_image = (prompt["input_ids"][0] == model.config.image_token_id).nonzero()[:, 0]
    assert every_image[left].tolist() == hand.positions[hand.image].tolist()


@torch.no_grad()
def test_defaults_are_the_papers():
    """Layers 8 and 16 of 32; at 27 x 27 patches about 64 % of the multiply-accumulates and 3.3 % of the tokens."""
    from prunarium.families import Attention, Shape
    from prunarium.ops import Tokens

    method = load("feather").fit(Shape("vlm", depth=32, prefix=0, tokens=729, stages=(0,), dim=1))
    assert method.layers == (8, 16)
    draw = torch.Generator().manual_seed(0)
    cells = torch.cartesian_prod(torch.arange(27), torch.arange(27))
    tokens = Tokens(torch.zeros(1, 729, 1), original=729)
    counts = []
    for layer in method.layers:
        row = torch.rand(1, 1, tokens.count, generator=draw)
        offers = {"unrotated_last_attention": lambda row=row: row, "image_cells": lambda: cells[None]}
        tokens = method.reduce(tokens, Attention(method.needs, offers), layer)
        counts.append(tokens.count)

    def cost(count, dim=4096, inner=11008):
        return 4 * count * dim**2 + 2 * count**2 * dim + 2 * count * dim * inner

    saved = 1 - (8 * cost(729) + 8 * cost(counts[0]) + 16 * cost(counts[1])) / (32 * cost(729))
    assert saved == pytest.approx(0.64, abs=0.006)
    assert counts[1] / 729 == pytest.approx(0.033, abs=0.002)


@torch.inference_mode()
def test_generating_and_batches(llava, prompt):
    """Words after the prompt see the tokens left; samples that keep different numbers are refused."""
    one = {name: value[:1] for name, value in prompt.items()}
    with load("feather", drop_rate=0.5, stride=2).apply(llava) as handle:
        llava.generate(**one, max_new_tokens=4, do_sample=False)
        counts = handle.report().tokens_out
        other = {name: value[1:] for name, value in prompt.items()}
        llava(**other)
        if handle.report().tokens_out != counts:
            with pytest.raises(PrunariumError, match="run them one at a time"):
                llava(**prompt)
    twice = {name: torch.cat([value, value]) for name, value in one.items()}
    with load("feather", drop_rate=0.5, stride=2).apply(llava):
        together = llava(**twice).logits
        alone = llava(**one).logits
    assert (together - alone).abs().max() <= 1e-5
    with pytest.raises(PrunariumError, match="layers must rise"):
        load("feather", layers=(4, 2))
    with pytest.raises(PrunariumError, match="begin at block 1"):
        load("feather", layers=(0, 2)).apply(llava)
