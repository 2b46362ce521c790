"""What a method makes of what leaves a small vision tower, for holding it against a literal implementation."""

import torch

from prunarium.families import TokenMethod, adapter_for
from prunarium.ops import Tokens
from tests.families.vlm_models import make_llava

SIDE, DIM = 6, 32  # patches a side of a tile, and their width


def encoded(method: TokenMethod):
    """A method with every learned number drawn anew, in double precision.

    Returns:
        the new tokens ``[tiles, tokens, dim]``, the outputs of the tower's layers ``[tiles, patches, dim]``, which of
        them the model takes, and the learned parts.
    """
    model = make_llava().double()
    adapter = adapter_for(method, model)
    fitted = method.fit(adapter.shape)
    draw = torch.Generator().manual_seed(3)
    learned = getattr(fitted, "_learned", None)
    if learned is not None:
        learned.double()
        for parameter in learned.parameters():
            parameter.data = torch.randn(parameter.shape, generator=draw).double() * 0.3
    pixels = torch.randn(2, 3, 24, 24, generator=draw).double()
    with torch.no_grad():
        tower = adapter.tower(pixels)
        patches = tower.states(tower.layer)
        after = fitted.encode(Tokens(patches, original=patches.shape[1]), tower)
    return after, [tower.states(layer) for layer in range(tower.depth)], tower.layer, learned


def spans(old: int, new: int) -> list[range]:
    """The old cells along a side that each new one covers."""
    return [range(number * old // new, -(-(number + 1) * old // new)) for number in range(new)]


def covered(side: int) -> list[list[int]]:
    """Numbers of the patches that each cell of a grid of ``side`` x ``side`` covers, row by row."""
    along = spans(SIDE, side)
    return [[row * SIDE + column for row in rows for column in columns] for rows in along for columns in along]
