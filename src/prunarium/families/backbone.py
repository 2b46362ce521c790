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

    Args:
        model: the model.
        weights: all of them, or some: the others stay.

    Raises:
        PrunariumError: the model has no such weights, or of another shape.
    """
    own = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    wrong = sorted(name for name, tensor in weights.items() if name not in own or own[name].shape != tensor.shape)
    if wrong:
        raise PrunariumError(f"these weights are of another model than this {type(model).__name__}: {some_of(wrong)}")
    undo = ExitStack()
    for name, other in weights.items():
        tensor = own[name]
        undo.callback(setattr, tensor, "data", tensor.data)
        tensor.data = other.to(tensor.device, tensor.dtype)
    return undo
