"""Weights that a model was given while it was trained with a method."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from torch import Tensor, nn

from prunarium.errors import PrunariumError, some_of

PREFIX = "model."
"""Of the model's weights in a file that may also hold a method's learned parts."""


def read_backbone(path: Path) -> dict[str, Tensor]:
    """The weights of a model that was trained with a method, in float32.

    Raises:
        PrunariumError: there is no such file, or it holds no weights of a model.
    """
    from safetensors.torch import load_file

    found = load_file(path) if path.is_file() else {}
    weights = {key.removeprefix(PREFIX): value.float() for key, value in found.items() if key.startswith(PREFIX)}
    if not weights:
        raise PrunariumError(
            f"{path}: holds no model trained with the method; scripts/train_method.py METHOD --backbone makes it"
        )
    return weights


def lend(model: nn.Module, weights: Mapping[str, Tensor]) -> ExitStack:
    """Give a model other weights until the stack is closed; its own are not copied, only laid aside.

    Raises:
        PrunariumError: the weights are of another model.
    """
    own = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    wrong = sorted(
        name
        for name in own.keys() | weights.keys()
        if name not in own or name not in weights or own[name].shape != weights[name].shape
    )
    if wrong:
        raise PrunariumError(f"these weights are of another model than this {type(model).__name__}: {some_of(wrong)}")
    undo = ExitStack()
    for name, tensor in own.items():
        undo.callback(setattr, tensor, "data", tensor.data)
        tensor.data = weights[name].to(tensor.device, tensor.dtype)
    return undo
