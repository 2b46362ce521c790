"""Proof that a method acted: a score of a method that did nothing is no score."""

from dataclasses import replace

import numpy as np
from torch import nn

from prunarium.errors import PrunariumError
from prunarium.families import TokenMethod, shape_of, tokens_per_block


def check_acted(
    method: TokenMethod, model: nn.Module, tokens_before: list[int], tokens: np.ndarray, known: bool = True
) -> None:
    """Refuse a run whose tokens are not, block by block, those that the method's setting leaves.

    They are found by running the method alone, so that a setting that keeps everything (r=0, keep_rate=1) is no
    fault. Where they depend on the data, some token of some sample must have gone.

    Args:
        method: what ran.
        model: what it ran in.
        tokens_before: tokens leaving each block of the untouched model.
        tokens: the same with the method, mean over samples.
        known: whether the setting alone tells how many are left of every sample.

    Raises:
        PrunariumError: the method did not act, or not as its setting says.
    """
    if method.adaptive:
        if not (tokens < tokens_before).any():
            raise PrunariumError(
                f"{method!r} removed no token of any sample, so there is nothing to measure; turn its knob"
            )
        return
    due = tokens_per_block(method, replace(shape_of(method, model), tokens=tokens_before[0]))
    if not known:
        if sum(due) < sum(tokens_before) and not (tokens < tokens_before).any():
            raise PrunariumError(f"{method!r} removed no token of any sample, and by its setting some must go")
        return
    for block, (count, left) in enumerate(zip(due, tokens, strict=True)):
        if count != left:
            raise PrunariumError(
                f"{method!r} left {left:g} of {tokens_before[block]} tokens after block {block}, and by its setting "
                f"{count} are left: it did not act as it says; look for what keeps its reduce from the model"
            )
