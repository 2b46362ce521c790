"""Reading a text that is longer than what a model reads at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prunarium.errors import PrunariumError

LONGEST = 4096
"""Tokens read at once where neither the caller nor the model says."""


def windows(length: int, size: int) -> list[tuple[int, int, int]]:
    """Windows over ``length`` tokens: first token, the one after the last, and the first that no window before had.

    From the second window on at least half of a window is there to be read before the first new token.
    """
    found, begin = [(0, min(size, length), 0)], 0
    while found[-1][1] < length:
        fresh = found[-1][1]
        end = min(fresh + max(size // 2, 1), length)
        begin = max(end - size, 0)
        found.append((begin, end, fresh))
    return found


def window_of(model: Any, wanted: int | None, special: int = 0) -> int:
    """How many tokens a model reads at once, special ones left out.

    Raises:
        PrunariumError: more are wanted than the model can read, or fewer than 2.
    """
    known = getattr(model.config, "max_position_embeddings", None) or LONGEST
    most = known - _positions_of_padding(model) - special
    if wanted is not None and not 2 <= wanted <= most:
        raise PrunariumError(f"a window of {wanted} tokens does not go with a model that reads 2 to {most}")
    return wanted or min(most, LONGEST)


def _positions_of_padding(model: Any) -> int:
    """Positions that no token has: those of RoBERTa and its kin begin behind the padding's."""
    tables = (module for name, module in model.named_modules() if name.endswith("position_embeddings"))
    padding = getattr(next(tables, None), "padding_idx", None)
    return 0 if padding is None else padding + 1


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """The model without dropout and gradients, and afterwards as it was."""
    import torch

    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        model.train(was_training)
