"""One comparable budget for every method: mean tokens per block, of the untouched model's."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families.base import Attention, Shape, TokenMethod
from prunarium.families.decoder.counting import entries_left
from prunarium.families.decoder.method import DecoderMethod
from prunarium.families.vlm.method import VlmMethod
from prunarium.families.vlm.tower import Layout, RandomTower
from prunarium.ops import DROPPED, Entries, Tokens, follow
from prunarium.records import BUDGET_TOLERANCE

TEXT = 4  # tokens of a question, where only counts matter


def tokens_per_block(method: TokenMethod, shape: Shape) -> list[int]:
    """Tokens left in each block (vlm: image tokens that its cache holds after the prompt; decoder: likewise, entries).

    Found by running the method alone on tiny random tensors. Exact for methods whose counts do not depend on the data;
    the others can only be run.

    Raises:
        PrunariumError: the method is adaptive, or the number of tokens is not known.
    """
    layers = _read(method, shape)
    if shape.family == "decoder" and isinstance(method, DecoderMethod):
        return entries_left(method, shape)
    if isinstance(method, VlmMethod) and method.evicts:
        return _left_in_cache(method.fit(shape), layers)
    return [added.shape[1] for added in layers]


def tokens_read(method: TokenMethod, shape: Shape) -> list[int]:
    """The same, of image tokens in each layer while a prompt is read: methods that evict do so afterwards.

    Raises:
        PrunariumError: the method is adaptive, or the number of tokens is not known.
    """
    return [added.shape[1] for added in _read(method, shape)]


def _read(method: TokenMethod, shape: Shape) -> list[Tensor]:
    """Which of the tokens left in each block the method added (vlm) ``[1, tokens]``."""
    if method.adaptive:
        raise PrunariumError(f"how many tokens {method!r} keeps depends on the data; run it and read handle.report()")
    if shape.tokens is None:
        raise PrunariumError("the number of tokens is not known before the model runs; set shape.tokens")
    draw = torch.Generator().manual_seed(0)
    method, acting = method.fit(shape), set(method.acts_at(shape))
    tokens = Tokens(torch.randn(1, shape.tokens, shape.dim, generator=draw), shape.prefix, original=shape.tokens)
    if shape.family == "vlm":
        tokens = _entering(method, tokens, shape, draw)
    added = tokens.positions() == DROPPED
    layers = []
    for block in range(shape.depth):
        if block in acting:
            attention = _random_attention(method, added, shape.dim, draw)
            tokens = method.reduce(replace(tokens, moves=()), attention, block)
            added = _added_left(added, tokens) if shape.family == "vlm" else added.new_zeros(1, tokens.count)
        layers.append(added)
    return layers


def _added_left(added: Tensor, tokens: Tokens) -> Tensor:
    """Which of the tokens the method added, of those that there were before it reduced them ``[1, tokens]``."""
    return follow(added.long(), tokens.moves) != 0


def _left_in_cache(method: VlmMethod, layers: list[Tensor]) -> list[int]:
    """Image tokens that an eviction leaves.

    Args:
        method: fitted to a model.
        layers: which of each layer's tokens the method added ``[1, tokens]``.
    """
    cache, draw = [], torch.Generator().manual_seed(0)
    for count in (added.shape[1] for added in layers):
        keys = torch.randn(1, 1, count + TEXT, 4, generator=draw)
        place = torch.arange(count + TEXT).view(1, 1, -1)
        cache.append(Entries(keys, keys.clone(), place, place < count))
    weights = [
        method.weigh(_random_attention(method, added, 4, draw, text=TEXT), layer) for layer, added in enumerate(layers)
    ]
    return [round(left.image_count) for left in method.evict(cache, weights)]


def _entering(method: TokenMethod, tokens: Tokens, shape: Shape, draw: torch.Generator) -> Tokens:
    """What the method leaves of an image before the language model."""
    width = shape.tower_dim or shape.dim
    tower = RandomTower(tokens.count, width, max(shape.tower_depth, 1), draw)
    encoded = method.encode(replace(tokens, x=tower.states(tower.layer)), tower)
    tokens = replace(encoded, x=torch.randn(*encoded.x.shape[:2], shape.dim, generator=draw))
    layout = Layout(tower.grid if not tokens.moves else (0, 0), tokens.count)
    return method.project(tokens, layout)


def _random_attention(method: TokenMethod, added: Tensor, dim: int, draw: torch.Generator, text: int = 0) -> Attention:
    count = added.shape[1]

    def row() -> Tensor:
        return torch.rand(1, 1, count, generator=draw)

    def per_token() -> Tensor:
        return torch.randn(1, 1, count, 4, generator=draw)

    def square() -> Tensor:
        return torch.randn(1, 1, count + text, count + text, generator=draw).softmax(dim=-1)

    lasts = ("last_attention", "unrotated_last_attention", "ahead_attention")
    rows = dict.fromkeys(("cls_attention", *lasts), row)
    question = {
        "text_attention": lambda: torch.rand(1, 1, TEXT, count, generator=draw),
        "text_rotary_bias": lambda: torch.rand(1, TEXT, count, generator=draw),
        "question": lambda: torch.randn(1, TEXT, dim, generator=draw),
        "question_there": lambda: torch.ones(1, TEXT, dtype=torch.bool),
        "image_places": lambda: torch.arange(count).unsqueeze(0),
        "question_attention": lambda: square()[:, :, count:],
        "added": lambda: added,
        "token_ids": lambda: added.long() * 0,
        "prompt_there": lambda: torch.ones(1, count + text, dtype=torch.bool),
    }
    received = dict.fromkeys(("received_attention", "attention_from_others"), lambda: row()[0])
    tokens = dict.fromkeys(("keys", "values", "head_outputs"), per_token)
    squares = dict.fromkeys(("logits", "full_attention", "next_attention"), square)
    return Attention(method.needs, {**rows, **tokens, **squares, **question, **received})


def budget_of(method: TokenMethod, shape: Shape) -> float:
    """Mean tokens per block, of the untouched model's."""
    counts = tokens_per_block(method, shape)
    return sum(counts) / (len(counts) * (shape.tokens or 1))


def with_budget(
    method: TokenMethod,
    budget: float,
    shape: Shape,
    measure: Callable[[TokenMethod, Shape], float] = budget_of,
) -> TokenMethod:
    """The same method with its knob turned to a budget.

    Args:
        method: any setting of it.
        budget: mean tokens per block, of the untouched model's.
        shape: of the model.
        measure: the budget of a candidate; an adaptive method must be run for it.

    Raises:
        PrunariumError: the budget is not above 0 and at most 1, or the method cannot come within 1 % of it.
    """
    if not 0 < budget <= 1:
        raise PrunariumError(f"a budget is above 0 and at most 1, not {budget}")
    low, high = 0.0, 1.0
    tried: list[tuple[float, float, TokenMethod]] = []
    for _ in range(30):
        middle = (low + high) / 2
        candidate = method.knob(middle, shape)
        found = measure(candidate, shape)
        tried.append((abs(found - budget), found, candidate))
        low, high = (low, middle) if found > budget else (middle, high)
        if method.adaptive and tried[-1][0] < BUDGET_TOLERANCE / 10:
            break  # every try is a run
    miss, found, nearest = min(tried, key=lambda one: one[0])
    if miss > BUDGET_TOLERANCE:
        raise PrunariumError(f"{method!r} cannot reach budget {budget}; the nearest it comes is {found:.3f}")
    return nearest
