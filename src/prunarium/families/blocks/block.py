"""A block's forward pass with a reduction in it, whatever library the block is from."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families.base import Attention
from prunarium.families.blocks.passage import Passage
from prunarium.families.handle import BlockRecord, Handle
from prunarium.ops import Move, masked_softmax


class Halves(ABC):
    """A transformer block in two halves, pre-norm or post-norm, and what its attention computed last.

    An adapter says how its library's blocks do this. ``queries``, ``keys``, ``values`` and ``head_outputs`` are
    ``[batch, heads, tokens, head dim]``.

    Attributes:
        scale: of the products of queries and keys.
        heads: how much each head counts in what the attention gives ``[batch, heads]``; ``None`` while all do alike.
    """

    scale: float
    heads: Tensor | None = None

    @abstractmethod
    def attend(self, x: Tensor, bias: Tensor | None) -> Tensor:
        """The first half: attention with the library's own kernel, residual included."""

    @abstractmethod
    def attend_with(self, x: Tensor, matrix: Tensor) -> Tensor:
        """The first half with attention that is given ``[batch, heads, tokens, tokens]``: only values are computed."""

    @abstractmethod
    def feed(self, x: Tensor) -> Tensor:
        """The second half: the MLP, residual included."""

    @abstractmethod
    def queries_and_keys(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Queries and keys that ``attend(x)`` would compute."""

    @abstractmethod
    def remember(self, handle: Handle, needs: frozenset[str]) -> None:
        """Keep what the attention computes until ``forget``, as far as the needs ask for it."""

    @abstractmethod
    def forget(self) -> None:
        """Let go of what was kept."""

    def open_heads(self, handle: Handle) -> None:
        """Let ``heads`` reach the attention.

        Raises:
            PrunariumError: there is no way to.
        """
        raise PrunariumError(f"{type(handle.method).__name__} leaves out heads, which these blocks have no way to do")

    def weigh_heads(self, module: nn.Module, args: Any) -> Any:
        """A forward pre-hook of the output projection: what each head gives counts as ``heads`` says."""
        if self.heads is None:
            return None
        given = args[0].unflatten(-1, (self.heads.shape[1], -1)) * self.heads[:, None, :, None].to(args[0].dtype)
        return (given.flatten(2), *args[1:])

    @property
    @abstractmethod
    def queries(self) -> Tensor:
        """Queries, after any normalisation, not scaled."""

    @property
    @abstractmethod
    def keys(self) -> Tensor:
        """Keys, after any normalisation."""

    @property
    @abstractmethod
    def values(self) -> Tensor:
        """Values."""

    @property
    @abstractmethod
    def head_outputs(self) -> Tensor:
        """What each head gives, before the output projection."""


OFFERS = frozenset(
    {
        "keys",
        "values",
        "logits",
        "full_attention",
        "received_attention",
        "attention_from_others",
        "head_outputs",
        "next_attention",
    }
)
"""What every such block offers; ``cls_attention`` too where the model has a cls token."""


class Offering:
    """What the attention of one block has to offer to a method, computed when asked for."""

    def __init__(self, halves: Halves) -> None:
        self.halves = halves
        self.bias: Tensor | None = None
        self.there: Tensor | None = None
        self.soft: tuple[Tensor, Tensor] | None = None  # queries and keys of attention that was computed here

    def all(self) -> dict[str, Callable[[], Tensor]]:
        """By the name that a method declares in ``needs``. Bound methods: a copied model then has its own."""
        return {
            "keys": self._keys,
            "values": self._values,
            "head_outputs": self._head_outputs,
            "logits": self._logits,
            "cls_attention": self._cls_attention,
            "full_attention": self._full_attention,
            "received_attention": self._received_attention,
            "attention_from_others": self._attention_from_others,
        }

    def softmax(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Attention as the block computes it, bias included."""
        logits = (queries * self.halves.scale) @ keys.transpose(-2, -1)
        logits = logits if self.bias is None else logits + self.bias
        if self.there is not None and self.there.is_floating_point():
            return masked_softmax(logits, self.there)
        return logits.softmax(dim=-1)

    def attend_softly(self, x: Tensor) -> Tensor:
        """The first half of a block, written out: to tokens that are there to a degree (training)."""
        self.soft = self.halves.queries_and_keys(x)
        return self.halves.attend_with(x, self.softmax(*self.soft))

    def forget(self) -> None:
        """Let go of what was kept of the attention."""
        self.soft = None
        self.halves.forget()

    def _queries(self) -> Tensor:
        return self.halves.queries if self.soft is None else self.soft[0]

    def _keys(self) -> Tensor:
        return self.halves.keys if self.soft is None else self.soft[1]

    def _values(self) -> Tensor:
        return self.halves.values

    def _head_outputs(self) -> Tensor:
        return self.halves.head_outputs

    def _logits(self) -> Tensor:
        return (self._queries() * self.halves.scale) @ self._keys().transpose(-2, -1)

    def _cls_attention(self) -> Tensor:
        return self.softmax(self._queries()[:, :, :1], self._keys()).squeeze(-2)

    def _full_attention(self) -> Tensor:
        return self.softmax(self._queries(), self._keys())

    def _received_attention(self) -> Tensor:
        return self._received(lambda rows: rows)

    def _attention_from_others(self) -> Tensor:
        return self._received(_without_diagonal)

    def _received(self, changed: Callable[[Tensor], Tensor]) -> Tensor:
        """Mean over heads, and over queries, of matrices that are changed first ``[batch, tokens]``."""
        received = [self._over_queries(changed(rows)) for rows in self._matrices()]
        return torch.stack(received).mean(dim=0)

    def _matrices(self) -> Iterator[Tensor]:
        """Of each head ``[batch, tokens, tokens]``."""
        # head by head: the matrices of all heads at once leave the cache, which takes twice the time
        for queries, keys in zip(self._queries().split(1, dim=1), self._keys().split(1, dim=1), strict=True):
            yield self.softmax(queries, keys).squeeze(1)

    def _over_queries(self, rows: Tensor) -> Tensor:
        """Mean over the real tokens that look ``[batch, tokens]``."""
        if self.there is None:
            return rows.mean(dim=1)
        real = self.there.unsqueeze(-1).to(rows.dtype)
        return (rows * real).sum(dim=1) / real.sum(dim=1)


def _without_diagonal(rows: Tensor) -> Tensor:
    return rows - rows.diagonal(dim1=-2, dim2=-1).diag_embed()


class ReducingBlock:
    """A block with a method in it.

    Args:
        halves: the block.
        index: its number, from 0.
        acts: whether the method reduces here.
        passage: the forward pass.
        previous: the block before this one.
        quiet: blocks after this one that run as they are: nothing can have happened to the tokens yet.
        last: whether the method finishes here.
    """

    offering_kind: ClassVar[type[Offering]] = Offering

    def __init__(
        self,
        halves: Halves,
        index: int,
        acts: bool,
        passage: Passage,
        previous: "ReducingBlock | None",
        quiet: Collection[int] = (),
        last: bool = False,
    ) -> None:
        self.halves, self.index, self.passage, self.previous = halves, index, passage, previous
        self.before = acts and passage.method.place == "before"
        self.between = acts and passage.method.place == "between"
        self.quiet, self.finishes = quiet, last and passage.finishes
        self.offering = self.offering_kind(halves)
        offers = self.offering.all() if self.between else previous.offering.all() if previous is not None else {}
        if self.before:
            offers["next_attention"] = self._next_attention
        self.attention = Attention(passage.method.needs, {**offers, **passage.offers()})
        self._entering: Tensor | None = None

    def forward(self, x: Tensor, /, *args: Any, **options: Any) -> Any:
        """What the library calls in place of the block's own; what it gives besides ``x`` is its own affair."""
        return self.run(x)

    def run(self, x: Tensor) -> Tensor:
        """The block with the reduction in it ``[batch, tokens, dim]``."""
        passage, offering = self.passage, self.offering
        begun: tuple[Move, ...] = ()
        moves: tuple[Move, ...] = ()
        entering = x.size(1)
        if self.index == 0:
            x, begun = passage.begin(x)
        came = x
        if self.before:
            x, moves = self._reduce_before(x)
            passage.part(came, moves)
        attended, matrix = x.size(1), passage.matrix
        offering.bias, offering.there, self.halves.heads = passage.bias(), passage.there, passage.heads
        if matrix is not None:
            x, passage.matrix = self.halves.attend_with(x, matrix), None
        elif passage.soft:
            x = offering.attend_softly(x)
        else:
            x = self.halves.attend(x, offering.bias)
        if self.between:
            x, moves = passage.reduce(x, self.attention, self.index)
            offering.forget()
            passage.part(came, moves)
        self._record(entering, attended, x.size(1), (*begun, *moves), matrix is not None)
        x = passage.gated(self.halves.feed(x))
        return self._finish(x) if self.finishes else x

    def _record(self, entering: int, attended: int, left: int, moves: tuple[Move, ...], reused: bool) -> None:
        real, records = self.passage.real(), self.passage.handle.records
        entered = self.passage.lengths if self.index == 0 else None
        records.append(BlockRecord(self.index, entering, attended, left, moves, real, reused, entered))
        if self.quiet:
            records += [BlockRecord(block, left, left, left, real=real) for block in self.quiet]

    def _reduce_before(self, x: Tensor) -> tuple[Tensor, tuple[Move, ...]]:
        self._entering = x
        self.offering.bias, self.offering.there = self.passage.bias(), self.passage.there
        x, moves = self.passage.reduce(x, self.attention, self.index)
        self._entering = None
        if self.previous is not None:
            self.previous.offering.forget()
        return x, moves

    def _next_attention(self) -> Tensor:
        assert self._entering is not None, "read only inside reduce"
        return self.offering.softmax(*self.halves.queries_and_keys(self._entering))

    def _finish(self, x: Tensor) -> Tensor:
        records = self.passage.handle.records
        x, moves = self.passage.finish(x)
        records[-1] = records[-1]._replace(moves=(*records[-1].moves, *moves))
        return x
