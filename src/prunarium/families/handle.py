"""The handle of an applied method: it takes the method out again and tells what happened to the tokens."""

import weakref
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families.backbone import lend
from prunarium.families.base import TokenMethod
from prunarium.ops import DROPPED, Move, gather, groups

# Both sides are weak: a model that is thrown away with a method still in it is freed.
_applied: "weakref.WeakKeyDictionary[nn.Module, weakref.ref[Handle]]" = weakref.WeakKeyDictionary()


class BlockRecord(NamedTuple):
    """One block of the last forward pass.

    Attributes:
        tokens_in: entering the block, per sample.
        attended: in its attention.
        tokens_out: leaving its reduction: what its MLP sees. Padding counts where samples differ.
        real: tokens that are not padding ``[batch]``; ``None`` where all are.
        reused: whether the block took its attention from the method.
        entered: encoder, first block: tokens that enter it and are no padding ``[batch]``; ``None`` where all are.
        cached: vlm: image tokens that its cache holds once the prompt has been read, the mean over samples and heads;
            ``None`` where it holds all that it had. decoder: tokens, of a prompt without padding.
        seen: vlm, decoder: tokens, text and image, that its cache holds then, the mean likewise; ``None`` likewise.
        room: vlm, decoder: how many each key head of its cache has room for then; ``None`` likewise.
    """

    block: int
    tokens_in: int
    attended: int
    tokens_out: int
    moves: tuple[Move, ...] = ()
    real: Tensor | None = None
    reused: bool = False
    entered: Tensor | None = None
    cached: float | None = None
    seen: float | None = None
    room: int | None = None


@dataclass(frozen=True)
class Report:
    """Tokens of every block of the last forward pass (vlm: image tokens of every layer).

    Attributes:
        projected: vlm: tokens that went through the projector; ``None`` where the method had no hand in it.
    """

    method: str
    blocks: tuple[BlockRecord, ...]
    projected: int | None = None

    @property
    def tokens_in(self) -> list[int]:
        """Tokens entering each block."""
        return [record.tokens_in for record in self.blocks]

    @property
    def tokens_out(self) -> list[int]:
        """Tokens leaving each block's reduction: what its MLP sees. Padding counts where samples differ."""
        return [record.tokens_out for record in self.blocks]

    def per_sample(self, batch: int) -> Tensor:
        """Tokens of each sample that leave each block's reduction, without padding ``[batch, blocks]``.

        vlm: image tokens that are cached for the words to come.
        """
        return torch.stack([_kept_by_sample(record, batch) for record in self.blocks], dim=1)

    def entered(self, batch: int) -> Tensor:
        """Tokens of each sample that enter the first block, without padding ``[batch]``."""
        first = self.blocks[0]
        return torch.full((batch,), first.tokens_in) if first.entered is None else first.entered.cpu()

    @property
    def budget(self) -> float:
        """Mean tokens per block, of the untouched model's; padding left out.

        vlm: of the image tokens that are cached for the words to come; decoder: of all tokens that are.
        """
        left = sum(_kept(record) for record in self.blocks)
        return left / (len(self.blocks) * self.entered(1).double().mean().item())

    def __str__(self) -> str:
        lines = [f"{self.method}: budget {self.budget:.3f} (mean tokens per block, of the untouched model's)"]
        return "\n".join([*lines, *map(_line, self.blocks)])


def _kept(record: BlockRecord) -> float:
    if record.cached is not None:
        return record.cached
    return record.tokens_out if record.real is None else record.real.double().mean().item()


def _kept_by_sample(record: BlockRecord, batch: int) -> Tensor:
    if record.real is not None:
        return record.real.cpu()
    return torch.full((batch,), record.tokens_out if record.cached is None else record.cached)


def _line(record: BlockRecord) -> str:
    line = f"  block {record.block:2d}: {record.tokens_in:4d} -> {record.tokens_out:4d} tokens"
    if record.cached is not None:
        return f"{line}, {record.cached:.0f} cached"
    if record.real is None:
        return line
    return f"{line} ({int(record.real.min())} to {int(record.real.max())} without padding)"


@dataclass
class Handle:
    """A method inside a model. Use it in a ``with`` statement, or call ``remove``.

    Attributes:
        watch: entered around the method's own work in every block, with what it reads of the attention; a counter or
            a stopwatch goes here.
        learned: the method's learned parts, for an optimiser; ``None`` where it has none.
        memory: what the method remembered in the last forward pass, for a loss.
        projected: vlm: tokens that went through the projector in the last forward pass, where the method had a hand in
            it; ``None`` where it had not.
        lends: whether the model has weights for now that were trained with the method.
    """

    method: TokenMethod
    model: nn.Module
    records: list[BlockRecord] = field(default_factory=list)
    batch: int = 0
    samples: int = 0
    watch: Callable[[], AbstractContextManager[None]] = nullcontext
    learned: nn.Module | None = None
    memory: Mapping[str, Any] = field(default_factory=dict)
    projected: int | None = None
    lends: bool = False
    _undo: ExitStack = field(default_factory=ExitStack, repr=False)

    def __post_init__(self) -> None:
        there = _applied[self.model]() if self.model in _applied else None
        if there is not None:
            raise PrunariumError(
                f"{there.method!r} is already applied to this model; remove its handle first, or apply "
                "both as one: (one + other).apply(model)"
            )
        _applied[self.model] = weakref.ref(self)
        self._undo.callback(_applied.pop, self.model, None)

    def patch(self, module: nn.Module, name: str, function: Callable[..., Any]) -> None:
        """Shadow a method of one module instance until ``remove``.

        Raises:
            PrunariumError: something else shadows it already, such as a method in a copied model.
        """
        if name in vars(module):
            self.remove()
            raise PrunariumError(
                f"{type(module).__name__}.{name} is patched already, by a method in the model that this one was copied "
                "from or by another library; take that out first"
            )
        setattr(module, name, function)
        self._undo.callback(delattr, module, name)

    def hook(self, registered: "torch.utils.hooks.RemovableHandle") -> None:
        """Take a torch hook off at ``remove``."""
        self._undo.callback(registered.remove)

    def lend(self, weights: Mapping[str, Tensor]) -> None:
        """Give the model other weights until ``remove``.

        Raises:
            PrunariumError: they are of another model; the method is taken out.
        """
        try:
            self._undo.callback(lend(self.model, weights).close)
            self.lends = True
        except PrunariumError:
            self.remove()
            raise

    def begin(self, batch: int) -> int:
        """A forward pass starts: forget the last one. Returns how many samples went before.

        Raises:
            PrunariumError: the model is in training mode and the method has no rule for it.
        """
        if self.model.training and not self.method.trains:
            name = type(self.method).__name__
            raise PrunariumError(f"{name} has no rule for training; call model.eval(), or take the method out to train")
        if self.learned is not None and self.learned.training != self.model.training:
            self.learned.train(self.model.training)
        before = self.samples
        self.records.clear()
        self.projected = None
        self.batch, self.samples = batch, before + batch
        return before

    def report(self) -> Report:
        """Tokens in and out of every block in the last forward pass.

        Raises:
            PrunariumError: the model has not run since the method was applied.
        """
        if not self.records:
            raise PrunariumError("nothing to report: run the model once while the method is applied")
        return Report(repr(self.method), tuple(self.records), self.projected)

    def source(self, after: int | None = None) -> Tensor:
        """Where each original token is after block ``after`` (default: the last): ``[batch, original tokens]``.

        The value is the position of the token that holds it, or -1 where it was dropped. Tokens with the same value
        were merged.
        """
        records = self.report().blocks
        last = len(records) - 1 if after is None else after
        if not 0 <= last < len(records):
            raise PrunariumError(f"there is no block {after}: the last forward pass had {len(records)}")
        moves = [move for record in records[: last + 1] for move in record.moves]
        return groups(moves, self.batch, records[0].tokens_in)

    def restore(self, features: Tensor, missing: float = 0.0) -> Tensor:
        """Features of the tokens that are left, put back where the original tokens were: segmentation, detection.

        A merged token's features go to every token that it stands for.

        Args:
            features: of the last forward pass ``[batch, tokens, dim]``, prefix included.
            missing: what a dropped token gets.

        Returns:
            ``[batch, original tokens, dim]``, prefix included.

        Raises:
            PrunariumError: the features are not those of the tokens that left the last block.
        """
        home = self.source().to(features.device)
        left = self.records[-1].moves[-1].position.shape[1] if self.records[-1].moves else self.records[-1].tokens_out
        if features.ndim != 3 or features.shape[:2] != (len(home), left):
            raise PrunariumError(
                f"restore wants the tokens of the last forward pass, prefix included: [{len(home)}, {left}, dim], not "
                f"{list(features.shape)}"
            )
        there = (home != DROPPED).unsqueeze(-1)
        return torch.where(there, gather(features, home.clamp(min=0)), missing)

    def remove(self) -> None:
        """Take the method out: the model is what it was. Safe to call twice."""
        self._undo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()
