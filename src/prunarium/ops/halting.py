"""Tokens that halt: each adds up what it was, and leaves when its score says that this is enough."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from prunarium.ops.tokens import DROPPED, Move, Tokens


@dataclass(frozen=True)
class Halting:
    """The state of all tokens between two blocks.

    Attributes:
        output: of every original token, the weighted sum of what it was so far ``[batch, original, dim]``.
        ponder: of every original token, the blocks it took, and what was left of its weight when it halted
            ``[batch, original]``.
        seat: which original token each token is ``[batch, tokens]``.
        active: which tokens still count; padding and prefix tokens that halted do not ``[batch, tokens]``.
        spent: the sum of a token's scores ``[batch, tokens]``.
        rest: the weight left to a token ``[batch, tokens]``.
    """

    output: Tensor
    ponder: Tensor
    seat: Tensor
    active: Tensor
    spent: Tensor
    rest: Tensor

    @staticmethod
    def begin(tokens: Tokens) -> "Halting":
        """Nothing was said yet."""
        zeros = torch.zeros_like(tokens.x[..., 0])
        seat = torch.arange(tokens.count, device=zeros.device).expand(len(zeros), -1)
        active = torch.ones_like(zeros, dtype=torch.bool) if tokens.there is None else tokens.there
        return Halting(torch.zeros_like(tokens.x), zeros, seat, active, zeros, torch.ones_like(zeros))

    def step(self, tokens: Tokens, score: Tensor, eps: float) -> "Halting":
        """After a block: a token counts by its score, or by its whole rest where the scores now exceed 1 - eps.

        Args:
            tokens: what left the block.
            score: 0 to 1; at 1 every token halts ``[batch, tokens]``.
            eps: how much of the weight may be missing.
        """
        spent = self.spent + score * self.active
        halts = spent > 1 - eps
        weight = self.rest.where(halts, score) * self.active
        into = self.seat.unsqueeze(-1).expand_as(tokens.x)
        return replace(
            self,
            output=self.output.scatter_add(1, into, tokens.x * weight.unsqueeze(-1)),
            ponder=self.ponder.scatter_add(1, self.seat, self.active * (1 + self.rest * halts)),
            active=self.active & ~halts,
            spent=spent,
            rest=self.rest - score * ~halts,
        )

    def leave(self, tokens: Tokens) -> tuple["Halting", Tokens]:
        """Set the halted tokens aside; one that stays (prefix) is there but not seen.

        Where nobody is left, the first token stays visible: attention to nothing is not defined.
        """
        seen = self.active.clone()
        seen[:, 0] |= ~seen.any(dim=1)
        left = tokens.keep_where(seen[:, tokens.prefix :])
        position = left.moves[-1].position
        real, at = position != DROPPED, position.clamp(min=0)
        seat, spent, rest = (part.gather(1, at) for part in (self.seat, self.spent, self.rest))
        after = replace(self, seat=seat, active=self.active.gather(1, at) & real, spent=spent, rest=rest)
        there = seen.gather(1, at) & real
        move = Move(position, lambda: after._locations(real).gather(1, self._seats_and_aside()))
        return after, replace(left, there=None if bool(there.all()) else there, moves=(*tokens.moves, move))

    def finish(self, tokens: Tokens) -> Tokens:
        """Every original token again, as the sum of what it was."""
        places = torch.arange(self.output.shape[1], device=self.seat.device).expand(len(self.seat), -1)

        def position() -> Tensor:
            real = torch.ones_like(self.active) if tokens.there is None else tokens.there | self.active
            real = real.clone()
            real[:, : tokens.prefix] = True
            location = self._locations(real)
            return location.where(location < tokens.count, DROPPED)

        return tokens.moved(self.output, None, Move(position, lambda: places.gather(1, self._seats_and_aside())))

    def _seats_and_aside(self) -> Tensor:
        """Original tokens by their number now: those there, then all, as numbers of those set aside."""
        aside = torch.arange(self.output.shape[1], device=self.seat.device).expand(len(self.seat), -1)
        return torch.cat([self.seat, aside], dim=1)

    def _locations(self, real: Tensor) -> Tensor:
        """Where every original token is now; beyond the tokens: set aside ``[batch, original]``."""
        count, original = self.seat.shape[1], self.output.shape[1]
        aside = count + torch.arange(original + 1, device=self.seat.device).expand(len(self.seat), -1)
        places = torch.arange(count, device=self.seat.device).expand_as(self.seat)
        return aside.scatter(1, self.seat.where(real, original), places)[:, :original]
