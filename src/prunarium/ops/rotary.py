"""Rotary position embedding, put on and taken off."""

import torch
from torch import Tensor


def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """With rotary position embedding, in the arrangement of transformers' Llama.

    Args:
        x: ``[..., head dim]``.
        cos: cosines ``[..., rotary dim]``; numbers of a head beyond them have no position.
        sin: sines, of the same shape.
    """
    return _turned(x, cos, sin)


def unrotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Without the rotary position embedding that ``rotated`` put on; shapes are those of ``rotated``."""
    scale = cos.square() + sin.square()  # 1, unless the embedding also scales
    return _turned(x, cos / scale, -sin / scale)


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    dim = cos.shape[-1]
    turning = x[..., :dim]
    one, other = turning.chunk(2, dim=-1)
    turned = turning * cos + torch.cat([-other, one], dim=-1) * sin
    return turned if dim == x.shape[-1] else torch.cat([turned, x[..., dim:]], dim=-1)
