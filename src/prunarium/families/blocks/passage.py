"""The tokens of the forward pass that is under way, handed from block to block."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families.base import Attention, TokenMethod
from prunarium.families.handle import Handle
from prunarium.ops import Move, Tokens


class Passage:
    """One forward pass through the blocks of a model with a method in it.

    Attributes:
        size: how many original tokens each one stands for ``[batch, tokens]``; ``None`` while all stand for one.
        there: which tokens are real ``[batch, tokens]``, the others are padding; ``None`` while all are. In training it
            may be a number, 0 to 1, through which gradients reach what decides; attention is then written out.
        matrix: attention that the next block is to use in place of its own ``[batch, heads, tokens, tokens]``.
        lengths: how many of the tokens that entered are real ``[batch]``; ``None`` where all are.
        heads: how much each head of the blocks ahead counts ``[batch, heads]``; ``None`` while all do alike.
        gate: what the tokens are multiplied with as they leave this block ``[batch, tokens]``; ``None`` for nothing.
        always: whether every block is entered, and not only those from the first in which the method acts.
    """

    always: ClassVar[bool] = False

    def __init__(self, handle: Handle, method: TokenMethod, prefix: int) -> None:
        self.handle, self.method, self.prefix = handle, method, prefix
        self.finishes = type(method).finish is not TokenMethod.finish
        self._first_sample = self._original = 0
        self._dtype = torch.float32
        self._forget()

    def _forget(self) -> None:
        self.size: Tensor | None = None
        self.there: Tensor | None = None
        self.matrix: Tensor | None = None
        self.lengths: Tensor | None = None
        self.heads: Tensor | None = None
        self.gate: Tensor | None = None
        self._memory: Mapping[str, Any] = {}

    def begin(self, x: Tensor) -> tuple[Tensor, tuple[Move, ...]]:
        """A forward pass of these tokens ``[batch, tokens, dim]`` starts: what enters, and the steps taken.

        Raises:
            PrunariumError: the model is in training mode and the method has no rule for it.
        """
        self._first_sample = self.handle.begin(len(x))
        self._original, self._dtype = x.shape[1], x.dtype
        self._forget()
        return x, ()

    def part(self, x: Tensor, moves: tuple[Move, ...]) -> None:
        """Some of the tokens that entered a block, ``x``, may have left it by these moves."""

    def bias(self) -> Tensor | None:
        """What is added to the logits of every key: log(size) for proportional attention, -inf for padding.

        ``[batch, 1, 1, tokens]``, or ``None`` where nothing is.
        """
        proportional = self.size is not None and self.method.size_bias
        bias = self.size.log().view(len(self.size), 1, 1, -1) if self.size is not None and proportional else None
        if self.there is None or self.soft:
            return bias
        missing = ~self.there[:, None, None, :]
        if bias is None:
            # of another dtype than the queries, fused attention on the CPU would read it wrongly
            bias = torch.zeros(missing.shape, dtype=self._dtype, device=missing.device)
        return bias.masked_fill(missing, -torch.inf)

    def reduce(self, x: Tensor, attention: Attention, block: int) -> tuple[Tensor, tuple[Move, ...]]:
        """Let the method reduce the tokens: what is left, and the steps taken."""
        with self.handle.watch():
            after = self.method.reduce(self._tokens(x), attention, block)
        return self._take(after)

    def finish(self, x: Tensor) -> tuple[Tensor, tuple[Move, ...]]:
        """Let the method put back what it set aside."""
        with self.handle.watch():
            after = self.method.finish(self._tokens(x))
        return self._take(after)

    def gated(self, x: Tensor) -> Tensor:
        """What leaves a block, where the method weighs it."""
        if self.gate is None:
            return x
        gate, self.gate = self.gate, None
        return x * gate.unsqueeze(-1).to(x.dtype)

    def offers(self) -> dict[str, Callable[[], Tensor]]:
        """What it has to offer to a method besides the attention."""
        return {}

    def weight(self, x: Tensor) -> Tensor:
        """How much each of the tokens ``x`` counts in a mean: its size, and nothing for padding ``[batch, tokens]``.

        Raises:
            PrunariumError: ``x`` are not the tokens of the last forward pass.
        """
        known = [part for part in (self.size, self.there) if part is not None]
        if any(part.shape != x.shape[:2] for part in known):
            raise PrunariumError("these features are not of the last forward pass: their token sizes are not known")
        weight = torch.ones_like(x[..., 0])
        for part in known:
            weight = weight * part
        return weight

    @property
    def untouched(self) -> bool:
        """Whether every token counts alike."""
        return self.size is None and self.there is None

    @property
    def soft(self) -> bool:
        """Whether tokens are there to a degree."""
        return self.there is not None and self.there.is_floating_point()

    def real(self) -> Tensor | None:
        """How many tokens of each sample are real ``[batch]``; ``None`` while all are."""
        return None if self.there is None else (self.there > 0.5).sum(dim=1)

    def _tokens(self, x: Tensor) -> Tokens:
        return Tokens(
            x,
            self.prefix,
            self.size,
            self._first_sample,
            there=self.there,
            memory=self._memory,
            original=self._original,
            training=self.handle.model.training,
            lengths=self.lengths,
            heads=self.heads,
        )

    def _take(self, after: Tokens) -> tuple[Tensor, tuple[Move, ...]]:
        self.size, self.there, self.matrix = after.size, after.there, after.attention
        self.heads, self.gate = after.heads, after.gate
        self._dtype = after.x.dtype
        self._memory = self.handle.memory = after.memory
        return after.x, after.moves
