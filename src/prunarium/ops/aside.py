"""Setting tokens aside, to be taken back later as they were."""

from collections.abc import Callable

import torch
from torch import Tensor

from prunarium.ops.tokens import DROPPED, Move, Tokens, gather


def set_aside(tokens: Tokens, order: Tensor, count: int) -> tuple[Tokens, Tokens]:
    """Put the tokens after the prefix in a new order and go on with the first ``count`` of them.

    Args:
        tokens: the tokens; the prefix goes on.
        order: all tokens after the prefix, counted from the first of them ``[batch, tokens after the prefix]``.
        count: how many go on.

    Returns:
        the tokens that go on, and those set aside, without prefix.
    """
    prefix = torch.arange(tokens.prefix, device=order.device).expand(len(order), -1)
    order = torch.cat([prefix, order + tokens.prefix], dim=1)
    on, off = order[:, : tokens.prefix + count], order[:, tokens.prefix + count :]

    def group() -> Tensor:
        return order.argsort(dim=1)  # numbers beyond the tokens out are those set aside

    def picked(index: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        size, there = (None if part is None else part.gather(1, index) for part in (tokens.size, tokens.there))
        return gather(tokens.x, index), size, there

    x, size, there = picked(on)
    rest, rest_size, rest_there = picked(off)
    return tokens.moved(x, size, Move(on, group), there), Tokens(rest, size=rest_size, there=rest_there)


def take_back(tokens: Tokens, rest: Tokens) -> Tokens:
    """The tokens that went on, then those set aside before them."""
    before, after = tokens.count, tokens.count + rest.count
    places = torch.arange(after, device=tokens.x.device).expand(len(tokens.x), -1)

    def joined(
        ours: Tensor | None, theirs: Tensor | None, like: Callable[[Tensor], Tensor], dtype: torch.dtype
    ) -> Tensor | None:
        if ours is None and theirs is None:
            return None
        ours = like(tokens.x[..., 0]).to(dtype) if ours is None else ours
        return torch.cat([ours, like(rest.x[..., 0]).to(dtype) if theirs is None else theirs], dim=1)

    x = torch.cat([tokens.x, rest.x], dim=1)
    size = joined(tokens.size, rest.size, torch.ones_like, x.dtype)
    there = joined(tokens.there, rest.there, torch.ones_like, torch.bool)
    return tokens.moved(x, size, Move(places.where(places < before, DROPPED), lambda: places), there)
