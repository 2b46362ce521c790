"""The tokens that a method reduces, and the account of where each of them went.

Nothing of the account is computed while a model runs: a reduction only remembers the index tensors that it made
anyway, and ``groups`` works out the rest when somebody asks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

DROPPED = -1
"""In place of the token that holds another: no token does."""


class Move:
    """One step of a reduction.

    Attributes:
        position: for every output token, the input token whose place it takes ``[batch, tokens out]``; ``DROPPED``
            for a token that takes nobody's place. Given as a tensor, or as a function that is called once, when asked.
        group: computes, for every input token, the output token that holds it, or ``DROPPED`` ``[batch, tokens in]``.
    """

    def __init__(self, position: Tensor | Callable[[], Tensor], group: Callable[[], Tensor]) -> None:
        self._position, self.group = position, group

    @property
    def position(self) -> Tensor:
        if not isinstance(self._position, Tensor):
            self._position = self._position()
        return self._position


@dataclass(frozen=True)
class Tokens:
    """Tokens on their way through a model.

    Attributes:
        x: hidden states ``[batch, tokens, dim]``.
        prefix: how many leading tokens (cls, distillation, registers) no method may drop or merge.
        size: how many original tokens each one stands for ``[batch, tokens]``; ``None`` while all stand for one.
        first_sample: how many samples the model saw before this batch; the batch's samples follow from there.
        moves: the steps taken since the method was handed these tokens.
        there: which tokens are real, where samples keep different numbers of them: the others are padding, which no
            other token sees ``[batch, tokens]``; ``None`` while all are real.
        memory: what the method wants to find again at its next step; empty at the first step of a forward pass.
        original: tokens that entered the model, prefix and padding included.
        attention: for the block ahead, to use in place of its own ``[batch, heads, tokens, tokens]``.
        training: whether the model is in training mode.
        lengths: how many of ``original`` are real, where samples differ in length ``[batch]``.
        heads: encoder: how much each head of the blocks ahead counts, 0 for one left out ``[batch, heads]``.
        gate: encoder: what the tokens are multiplied with as they leave this block ``[batch, tokens]``.
    """

    x: Tensor
    prefix: int = 0
    size: Tensor | None = None
    first_sample: int = 0
    moves: tuple[Move, ...] = ()
    there: Tensor | None = None
    memory: Mapping[str, Any] = field(default_factory=dict)
    original: int = 0
    attention: Tensor | None = None
    training: bool = False
    lengths: Tensor | None = None
    heads: Tensor | None = None
    gate: Tensor | None = None

    @property
    def count(self) -> int:
        """Tokens now, prefix included."""
        return self.x.shape[1]

    @property
    def reducible(self) -> int:
        """Tokens that a method may drop or merge."""
        return self.count - self.prefix

    @property
    def real(self) -> int | Tensor:
        """Those of them that are no padding: in every sample, or in each ``[batch]`` where samples differ."""
        return self.reducible if self.there is None else (self.there[:, self.prefix :] > 0.5).sum(dim=1)

    @property
    def entered(self) -> int | Tensor:
        """Tokens that entered the model, padding left out: of every sample, or of each ``[batch]``."""
        return self.original if self.lengths is None else self.lengths

    def moved(self, x: Tensor, size: Tensor | None, move: Move, there: Tensor | None = None) -> "Tokens":
        """These tokens after one more step."""
        return replace(self, x=x, size=size, moves=(*self.moves, move), there=there)

    def positions(self) -> Tensor:
        """Which of the original tokens' places each token takes, ``DROPPED`` for none ``[batch, tokens]``."""
        return follow(torch.arange(self.original, device=self.x.device).expand(len(self.x), -1), self.moves)

    def remember(self, **values: Any) -> "Tokens":
        """These tokens with more to be found at the next step."""
        return replace(self, memory={**self.memory, **values})

    def keep_where(self, wanted: Tensor, fused: Tensor | None = None) -> "Tokens":
        """Keep the whole prefix and the tokens wanted, in their order; samples may keep different numbers of them.

        Args:
            wanted: ``[batch, tokens after the prefix]``, boolean.
            fused: one more token ``[batch, 1, dim]``, appended, in which the tokens not wanted live on.
        """
        if self.there is not None:
            wanted = wanted & self.there[:, self.prefix :]
        counts = wanted.sum(dim=1)
        index = (~wanted).int().argsort(dim=1, stable=True)[:, : int(counts.max())]
        return self.keep(index, fused, wanted.gather(1, index))

    def keep(self, index: Tensor, fused: Tensor | None = None, there: Tensor | None = None) -> "Tokens":
        """Keep some of the tokens and the whole prefix, in the order given.

        Args:
            index: ``[batch, kept]``, counted from the first token after the prefix.
            fused: one more token ``[batch, 1, dim]``, appended, in which the tokens not kept live on.
            there: which of ``index`` are meant, the others become padding ``[batch, kept]``; all without it.
        """
        prefix = torch.arange(self.prefix, device=index.device).expand(len(index), -1)
        kept = torch.cat([prefix, index + self.prefix], dim=1)
        count, rest = self.count, DROPPED
        x, places = gather(self.x, kept), torch.arange(kept.shape[1], device=kept.device).expand_as(kept)
        size = None if self.size is None else self.size.gather(1, kept)
        position, target = kept, kept
        if there is not None:
            there = nn.functional.pad(there, (self.prefix, 0), value=True)
            # padding takes nobody's place, and is written to one column more, which is cut off
            position, target = kept.where(there, DROPPED), kept.where(there, count)
        left = there if there is not None or self.there is None else self.there.gather(1, kept)
        if fused is not None:
            rest = kept.shape[1]
            x = torch.cat([x, fused], dim=1)
            position = nn.functional.pad(position, (0, 1), value=DROPPED)
            if self.size is not None and size is not None:
                held = size if there is None else size * there
                size = torch.cat([size, self.size.sum(1, keepdim=True) - held.sum(1, keepdim=True)], dim=1)
            left = None if left is None else nn.functional.pad(left, (0, 1), value=True)

        def group() -> Tensor:
            home = torch.full((len(kept), count + 1), rest, device=kept.device)
            return home.scatter(1, target, places)[:, :count]

        if there is not None and bool(there.all()):
            left = None
        return self.moved(x, size, Move(position, group), left)


def gather(x: Tensor, index: Tensor) -> Tensor:
    """Tokens ``[batch, k, dim]`` of ``x`` ``[batch, tokens, dim]`` at ``index`` ``[batch, k]``.

    Whole rows are copied, which is several times faster than ``torch.gather`` with an index for every number.
    """
    found = x.reshape(-1, x.shape[-1]).index_select(0, rows(index, x.shape[1]))
    return found.view(*index.shape, x.shape[-1])


def add_at(x: Tensor, index: Tensor, values: Tensor) -> Tensor:
    """``x`` ``[batch, tokens, dim]`` with ``values`` ``[batch, k, dim]`` added in place at ``index`` ``[batch, k]``."""
    x.view(-1, x.shape[-1]).index_add_(0, rows(index, x.shape[1]), values.reshape(-1, x.shape[-1]))
    return x


def rows(index: Tensor, count: int) -> Tensor:
    """Positions ``[batch, k]`` in samples of ``count`` tokens each, as rows of all samples together ``[batch * k]``."""
    if len(index) == 1:
        return index[0]
    first = torch.arange(0, len(index) * count, count, device=index.device)
    return (index + first.unsqueeze(1)).flatten()


def follow(place: Tensor, moves: Sequence[Move]) -> Tensor:
    """Places ``[batch, tokens]``, taken over by the tokens after some moves; ``DROPPED`` where one takes nobody's."""
    for move in moves:
        position = move.position
        place = place.gather(1, position.clamp(min=0)).where(position != DROPPED, DROPPED)
    return place


def groups(moves: Sequence[Move], batch: int, count: int) -> Tensor:
    """Where each of ``count`` tokens went after all moves: an output token, or ``DROPPED`` ``[batch, count]``.

    A move may give a token a number beyond its output: it is set aside, and a later move takes it back from there.
    """
    home = torch.arange(count).expand(batch, -1)
    for move in moves:
        following = move.group().cpu()
        home = torch.where(home == DROPPED, DROPPED, following.gather(1, home.clamp(min=0)))
    left = moves[-1].position.shape[1] if moves else count
    return home.where(home < left, DROPPED)
