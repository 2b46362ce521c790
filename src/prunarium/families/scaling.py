"""Schedules that papers give for one model and one budget, turned to others."""

from collections.abc import Sequence


def at_depth(layers: Sequence[int], of: int, depth: int) -> tuple[int, ...]:
    """Layers of a model with ``of`` layers, at the same shares of another depth; two may fall on one."""
    return tuple(layer * depth // of for layer in layers)


def turned(share: float, amount: float) -> float:
    """A share of tokens to keep, turned by a knob: all at amount 1, the share itself at 1/2, ever fewer towards 0.

    Several shares turned by the same amount keep their order.
    """
    return float(share ** ((1 - amount) / max(amount, 1e-6)))
