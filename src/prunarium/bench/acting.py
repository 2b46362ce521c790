"""Proof that a method acted: a score of a method that did nothing is no score."""

from dataclasses import replace

import numpy as np
from torch import nn

from prunarium.errors import PrunariumError
from prunarium.families import TokenMethod, shape_of, tokens_per_block


def check_acted(method: TokenMethod, model: nn.Module, tokens_before: list[int], tokens: np.ndarray) -> None:
    """Refuse a run in which every token was left although the method's setting says that some should go.

    What should go is found by running the method alone, so that a setting that keeps everything (r=0, keep_rate=1)
    is no fault.

    Args:
        method: what ran.
        model: what it ran in.
        tokens_before: tokens leaving each block of the untouched model.
        tokens: the same with the method, mean over samples.

    Raises:
        PrunariumError: the method removed nothing where it should.
    """
    if (tokens < tokens_before).any():
        return
    if method.adaptive:
        raise PrunariumError(
            f"{method!r} removed no token of any sample, so there is nothing to measure; turn its knob"
        )
    due = tokens_per_block(method, replace(shape_of(method, model), tokens=tokens_before[0]))
    for block, (count, before) in enumerate(zip(due, tokens_before, strict=True)):
        if count < before:
            raise PrunariumError(
                f"{method!r} removed no token, though {count} of {before} should be left after block {block}: "
                "it did not act, so there is nothing to measure; look for what keeps its reduce from the model"
            )
