"""Precisions of weights and inputs."""

import itertools
from typing import get_args

import torch
from torch import nn

from prunarium.records.score import Precision

PRECISIONS: dict[Precision, torch.dtype] = {one: getattr(torch, one) for one in get_args(Precision)}


def rounded_weights(model: nn.Module, dtype: torch.dtype) -> nn.Module:
    """The model with its weights and what is saved with them in a precision, in place. What it works out itself, such
    as rotary frequencies, stays as it is: transformers load models so."""
    saved = set(model.state_dict())  # names alone: the tensors would stay in memory
    for name, tensor in itertools.chain(model.named_parameters(), model.named_buffers()):
        if name in saved and tensor.is_floating_point():
            tensor.data = tensor.data.to(dtype)
    return model
