"""Where every token that entered an encoder is, and with which hidden state it left."""

from collections.abc import Sequence

import torch
from torch import Tensor

from prunarium.ops import DROPPED, Move, gather


class Departures:
    """The account of one forward pass, by which outputs get their length back.

    A token that a layer drops leaves with the hidden state that the layer before gave it, as in the drop-and-restore of
    Length-Adaptive Transformer (arXiv 2010.07003) and the forwarding of Transkimmer (arXiv 2205.07324).

    Args:
        x: what enters the first layer ``[batch, tokens, dim]``.
    """

    def __init__(self, x: Tensor) -> None:
        self._home = torch.arange(x.shape[1], device=x.device).expand(len(x), -1)
        self._count = x.shape[1]
        self._states: Tensor | None = None
        self._moved = False

    def part(self, x: Tensor, moves: Sequence[Move]) -> None:
        """Some tokens leave, merge or change places.

        Args:
            x: all tokens before the moves ``[batch, tokens, dim]``.
            moves: steps taken; a token given a number beyond the tokens that are left is set aside.
        """
        if not moves:
            return
        before, self._moved = self._home, True
        for move in moves:
            following = move.group().to(x.device)
            self._home = torch.where(self._home == DROPPED, DROPPED, following.gather(1, self._home.clamp(min=0)))
        self._count = moves[-1].position.shape[1]
        gone = (before != DROPPED) & (before < x.shape[1]) & ~self._here
        state = gather(x, before.clamp(0, x.shape[1] - 1))
        self._states = torch.where(gone.unsqueeze(-1), state, 0 if self._states is None else self._states)

    def restored(self, x: Tensor) -> Tensor:
        """What leaves the last layer, put back where it entered; who left has the state that it left with.

        Args:
            x: ``[batch, tokens left, dim]``.

        Returns:
            ``[batch, tokens that entered, dim]``. A merged token's state goes to every token that it stands for.
        """
        if not self._moved or self._states is None:
            return x
        here = gather(x, self._home.clamp(0, x.shape[1] - 1))
        return torch.where(self._here.unsqueeze(-1), here, self._states.to(x.dtype))

    @property
    def _here(self) -> Tensor:
        return (self._home != DROPPED) & (self._home < self._count)
