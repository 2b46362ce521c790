"""Rows of a language model's attention, worked out beside the fused kernel: only those that a method reads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from prunarium.families.caching.sharing import products
from prunarium.families.vlm.prompt import Prompt
from prunarium.ops import rotated

BEFORE = frozenset(
    {
        "last_attention",
        "unrotated_last_attention",
        "text_attention",
        "question_attention",
        "full_attention",
        "logits",
        "text_rotary_bias",
    }
)
"""What is of the attention in the layer before."""


@dataclass
class Projections:
    """Queries and keys of one layer, as projected, and the rotary embedding that they get.

    Attributes:
        attn: the layer's attention module.
        queries: ``[batch, tokens, heads * head dim]``.
        keys: ``[batch, tokens, key heads * head dim]``.
        rotary: cosines and sines ``[batch, tokens, head dim]``.
    """

    attn: Any
    queries: Tensor
    keys: Tensor
    rotary: tuple[Tensor, Tensor]

    def logits(self, rows: Tensor, rotate: bool = True) -> Tensor:
        """Scaled products of some rows' queries ``[batch, rows]`` with all keys ``[batch, heads, rows, tokens]``."""
        dim = self.attn.head_dim
        keys, queries = self.keys, _at(self.queries, rows)
        keys, queries = (part.unflatten(-1, (-1, dim)).transpose(1, 2) for part in (keys, queries))
        if rotate:
            keys = rotated(keys, *(part.unsqueeze(1) for part in self.rotary))
            cos, sin = (_at(part.expand(len(rows), -1, -1), rows).unsqueeze(1) for part in self.rotary)
            queries = rotated(queries, cos, sin)
        return products(queries, keys, self.attn.scaling)

    def rotary_bias(self, rows: Tensor) -> Tensor:
        """What ``logits`` would be if all queries and keys were ones ``[batch, rows, tokens]``."""
        cos, sin = (part.expand(len(rows), -1, -1) for part in self.rotary)
        ones = rotated(torch.ones_like(cos), cos, sin)
        return _at(ones, rows) @ ones.transpose(-2, -1) * self.attn.scaling


def offers(prompt: Prompt, before: Callable[[], Projections], ahead: Callable[[], Projections], hidden: Tensor) -> Any:
    """What the method may read before a layer, each worked out when asked for.

    Args:
        prompt: as it is now.
        before: of the layer before.
        ahead: of the layer that comes.
        hidden: what enters the layer that comes ``[batch, tokens, dim]``.
    """

    def last(made: Callable[[], Projections], rotate: bool = True) -> Tensor:
        rows = torch.full((len(hidden), 1), hidden.shape[1] - 1, device=hidden.device)
        return _of_image(_attention(prompt, made(), rows, rotate), prompt)[:, :, 0]

    def question() -> Tensor:
        rows, there = prompt.question()
        return _attention(prompt, before(), rows) * there[:, None, :, None]

    def every(softmax: bool) -> Tensor:
        rows = torch.arange(hidden.shape[1], device=hidden.device).expand(len(hidden), -1)
        logits = _masked(prompt, before().logits(rows), rows)
        return logits.softmax(dim=-1) if softmax else logits

    def bias() -> Tensor:
        return _of_image(before().rotary_bias(prompt.question()[0]).unsqueeze(1), prompt)[:, 0]

    return {
        "last_attention": lambda: last(before),
        "unrotated_last_attention": lambda: last(before, rotate=False),
        "ahead_attention": lambda: last(ahead),
        "text_attention": lambda: _of_image(question(), prompt),
        "question_attention": question,
        "text_rotary_bias": bias,
        "full_attention": lambda: every(softmax=True),
        "logits": lambda: every(softmax=False),
        "question": lambda: _at(hidden, prompt.question()[0]),
        "question_there": lambda: prompt.question()[1],
        "image_places": lambda: prompt.places()[1],
        "prompt_there": lambda: prompt.there(hidden.shape[1]),
        "image_cells": lambda: prompt.of_image_tokens(prompt.cells),
        "marked": lambda: prompt.of_image_tokens(prompt.marked),
        "added": lambda: prompt.of_image_tokens(prompt.added),
    }


def _attention(prompt: Prompt, made: Projections, rows: Tensor, rotate: bool = True) -> Tensor:
    """Softmaxed attention of some rows to all tokens ``[batch, heads, rows, tokens]``."""
    return _masked(prompt, made.logits(rows, rotate), rows).softmax(dim=-1)


def _masked(prompt: Prompt, logits: Tensor, rows: Tensor) -> Tensor:
    columns = torch.arange(logits.shape[-1], device=logits.device)
    seen = columns <= rows.unsqueeze(-1)
    if prompt.real is not None:
        real = prompt.there(len(columns))
        own = columns == rows.unsqueeze(-1)  # a row of padding sees itself, so that no row is empty
        seen = (seen & real.unsqueeze(1)) | own
    return logits.masked_fill(~seen.unsqueeze(1), -torch.inf)


def _of_image(rows: Tensor, prompt: Prompt) -> Tensor:
    """The columns of the image ``[batch, heads, rows, image tokens]``."""
    image = prompt.places()[1][:, None, None, :]
    return rows.gather(3, image.expand(-1, rows.shape[1], rows.shape[2], -1))


def _at(x: Tensor, rows: Tensor) -> Tensor:
    """Rows of ``x`` ``[batch, tokens, dim]``."""
    return x.gather(1, rows.unsqueeze(-1).expand(-1, -1, x.shape[-1]))
