"""One of two reductions for each sample."""

from dataclasses import replace

from torch import Tensor

from prunarium.ops.tokens import Move, Tokens


def choose(first_wanted: Tensor, first: Tokens, second: Tokens) -> Tokens:
    """For each sample the first or the second reduction of the same tokens, to the same number of tokens.

    Args:
        first_wanted: ``[batch]``, boolean.
        first: after one step.
        second: after another step in its place.
    """
    per_token = first_wanted.unsqueeze(1)
    one, other = first.moves[-1], second.moves[-1]
    size = None
    if first.size is not None or second.size is not None:
        ones = first.x.new_ones(first.x.shape[:2])
        size = _size(first, ones).where(per_token, _size(second, ones))
    move = Move(
        lambda: one.position.where(per_token, other.position),
        lambda: one.group().where(per_token, other.group()),
    )
    x = first.x.where(per_token.unsqueeze(-1), second.x)
    return replace(first, x=x, size=size, moves=(*first.moves[:-1], move))


def _size(tokens: Tokens, ones: Tensor) -> Tensor:
    return ones if tokens.size is None else tokens.size
