"""Several methods in one model, one after the other."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial, reduce
from typing import Self

import torch
from pydantic import PrivateAttr, SerializeAsAny
from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families.base import Attention, Shape, TokenMethod
from prunarium.families.learned import LearnedMethod
from prunarium.families.vlm.tower import Layout, Tower
from prunarium.ops import DROPPED, Move, Tokens

SUMMED = ("cls_attention", "received_attention", "last_attention")
AVERAGED = ("keys", "values", "head_outputs")


class Composition(TokenMethod):
    """Methods that reduce one after the other; where two act in one block, the later sees what the earlier left.

    Attention to a merged token is then the sum of that to its members, its key and value their mean.
    """

    methods: tuple[SerializeAsAny[TokenMethod], ...]
    _acting: tuple[frozenset[int], ...] = PrivateAttr(())

    def __repr__(self) -> str:
        return " + ".join(map(repr, self.methods))

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        for number, (method, acting) in enumerate(zip(self.methods, self._acting, strict=True)):
            if block in acting:
                seen = _carried(attention, tokens.moves)
                tokens = self._with_own_memory(partial(method.reduce, attention=seen, block=block), tokens, number)
        return tokens

    def encode(self, tokens: Tokens, tower: Tower) -> Tokens:
        for method in self.methods:
            tokens = method.encode(tokens, tower)
        return tokens

    def project(self, tokens: Tokens, layout: Layout) -> Tokens:
        for method in self.methods:
            tokens = method.project(tokens, layout)
        return tokens

    def writes(self, function: str) -> bool:
        return any(method.writes(function) for method in self.methods)

    def finish(self, tokens: Tokens) -> Tokens:
        for number, method in reversed(list(enumerate(self.methods))):
            tokens = self._with_own_memory(method.finish, tokens, number)
        return tokens

    @staticmethod
    def _with_own_memory(step: Callable[[Tokens], Tokens], tokens: Tokens, number: int) -> Tokens:
        after = step(replace(tokens, memory=tokens.memory.get(str(number), {})))
        return replace(after, memory={**tokens.memory, str(number): after.memory})

    def fit(self, shape: Shape) -> Self:
        fitted = self.model_copy(update={"methods": tuple(method.fit(shape) for method in self.methods)})
        fitted._acting = tuple(frozenset(method.acts_at(shape)) for method in fitted.methods)
        return fitted

    def acts_at(self, shape: Shape) -> Collection[int]:
        return frozenset().union(*(method.acts_at(shape) for method in self.methods))

    @property
    def size_bias(self) -> bool:
        return any(method.size_bias for method in self.methods)

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"methods": tuple(method.knob(amount, shape) for method in self.methods)})


def compose(one: TokenMethod, other: TokenMethod) -> TokenMethod:
    """One method after the other.

    Raises:
        PrunariumError: they reduce at different places of a block or in different families, a part is learned, or one
            of them computes attention ahead of its block.
    """
    methods = [part for method in (one, other) for part in getattr(method, "methods", (method,))]
    names = " + ".join(type(method).__name__ for method in methods)
    if len({method.place for method in methods}) > 1:
        raise PrunariumError(
            f"{names} cannot be composed: {type(one).__name__} reduces {one.place} and {type(other).__name__} "
            f"{other.place} the halves of a block"
        )
    ahead = next((method for method in methods if "next_attention" in method.needs), None)
    if ahead is not None:
        raise PrunariumError(
            f"{names} cannot be composed: {type(ahead).__name__} computes the attention of the block ahead, for tokens "
            "that the other would change"
        )
    if any(isinstance(method, LearnedMethod) for method in methods):
        raise PrunariumError(f"{names} cannot be composed: learned parts know only the tokens they were trained on")
    _refuse_before_and_after(methods, names)
    families = tuple(name for name in one.families if name in other.families and name != "decoder")
    if not families:
        raise PrunariumError(f"{names} cannot be composed: they act in different families, or in a decoder's cache")
    kind = type(
        names,
        (Composition,),
        {
            "__module__": __name__,
            "__doc__": Composition.__doc__,
            "families": families,
            "needs": frozenset().union(*(method.needs for method in methods)),
            "place": one.place,
            "positions": one.positions,
            "newlines": all(method.newlines for method in methods),
            "prunes_heads": any(method.prunes_heads for method in methods),
            "adaptive": any(method.adaptive for method in methods),
            "trains": all(method.trains for method in methods),
        },
    )
    return kind(methods=tuple(methods))


def _refuse_before_and_after(methods: Sequence[TokenMethod], names: str) -> None:
    """Two methods cannot both reduce what leaves the tower or the projector, nor can one evict what the other sees."""
    for function in ("encode", "project"):
        if sum(method.writes(function) for method in methods) > 1:
            raise PrunariumError(f"{names} cannot be composed: both reduce the tokens in '{function}'")
    evicting = next((method for method in methods if getattr(method, "evicts", False)), None)
    if evicting is not None:
        raise PrunariumError(f"{names} cannot be composed: {type(evicting).__name__} evicts from the cache")
    if len({method.positions for method in methods}) > 1:
        raise PrunariumError(f"{names} cannot be composed: one keeps the positions of the tokens, one counts them anew")


def _carried(attention: Attention, moves: Sequence[Move]) -> Attention:
    """The attention as the tokens see it that are left after some moves in the same block."""
    return reduce(_after, moves, attention)


def _after(attention: Attention, move: Move) -> Attention:
    return attention.through(
        {
            **{name: partial(_summed, move=move) for name in SUMMED},
            **{name: partial(_averaged, move=move) for name in AVERAGED},
        }
    )


def _home(move: Move, device: torch.device) -> tuple[Tensor, int]:
    """Where each token went, dropped ones to one place more ``[batch, tokens]``, and how many places there are."""
    left = move.position.shape[1]
    home = move.group().to(device)
    return home.where((home != DROPPED) & (home < left), left), left


def _summed(row: Tensor, move: Move) -> Tensor:
    home, left = _home(move, row.device)
    into = home if row.ndim == 2 else home.unsqueeze(1).expand_as(row)
    return row.new_zeros((*row.shape[:-1], left + 1)).scatter_add(-1, into, row)[..., :left]


def _averaged(parts: Tensor, move: Move) -> Tensor:
    home, left = _home(move, parts.device)
    batch, heads, _, dim = parts.shape
    into = home[:, None, :, None].expand_as(parts)
    sums = parts.new_zeros((batch, heads, left + 1, dim)).scatter_add(2, into, parts)
    ones = parts.new_ones(home.shape)
    counts = parts.new_zeros((batch, left + 1)).scatter_add(1, home, ones).clamp(min=1)
    return (sums / counts[:, None, :, None])[:, :, :left]
