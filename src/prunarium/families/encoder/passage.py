"""The tokens of a text on their way through the layers of an encoder."""

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families.base import TokenMethod
from prunarium.families.blocks.passage import Passage
from prunarium.families.encoder.departures import Departures
from prunarium.families.handle import Handle
from prunarium.ops import Move, Tokens, follow


class TextPassage(Passage):
    """One forward pass through an encoder: padding enters as tokens that are not there, outputs keep their length.

    Texts that are padded on the left, or in between, are shifted to the left while they pass: the first token of every
    sample is its cls token, and no method needs to know.

    Args:
        handle: of the method.
        method: fitted to the model.
        prefix: leading tokens that are never reduced.
        reads_first: whether the model's head reads the token in the first place of its input.
    """

    always: ClassVar[bool] = True

    def __init__(self, handle: Handle, method: TokenMethod, prefix: int, reads_first: bool) -> None:
        super().__init__(handle, method, prefix)
        self.finishes, self.reads_first = True, reads_first
        self._mask: Tensor | None = None
        self._token_ids: Tensor | None = None
        self._moves: tuple[Move, ...] = ()

    def read_inputs(self, module: nn.Module, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        """A forward pre-hook of the encoder: keep its ``attention_mask`` and its ``input_ids``.

        Raises:
            PrunariumError: it is not of padding.
        """
        mask = args[1] if len(args) > 1 else options.get("attention_mask")
        if mask is not None and mask.ndim != 2:
            raise PrunariumError(
                f"attention_mask is {list(mask.shape)}: with a method only masks of padding work, [batch, tokens]"
            )
        self._mask = mask
        self._token_ids = args[0] if args else options.get("input_ids")

    def begin(self, x: Tensor) -> tuple[Tensor, tuple[Move, ...]]:
        super().begin(x)
        self.departures, self._moves = Departures(x), ()
        mask, self._mask = self._mask, None
        if mask is None or bool(mask.all()):
            return x, ()
        there = mask.to(x.device).bool()
        if there.shape != x.shape[:2]:
            raise PrunariumError(f"attention_mask is {list(there.shape)}, the text {list(x.shape[:2])}")
        self.lengths = there.sum(dim=1)
        if not bool(self.lengths.all()):
            raise PrunariumError("attention_mask leaves a sample without any token; leave the sample out")
        tokens = Tokens(x, there=there)
        if bool((there[:, 1:] & ~there[:, :-1]).any()):
            tokens = self._shifted(tokens, there)
        self.there = tokens.there
        self.part(x, tokens.moves)
        return tokens.x, tokens.moves

    def _shifted(self, tokens: Tokens, there: Tensor) -> Tokens:
        if self.reads_first and not bool(there[:, 0].all()):
            raise PrunariumError(
                "the classification head reads the first token, which is padding here; pad on the right "
                "(tokenizer.padding_side = 'right')"
            )
        return tokens.keep((~there).int().argsort(dim=1, stable=True))

    def part(self, x: Tensor, moves: tuple[Move, ...]) -> None:
        self.departures.part(x, moves)
        self._moves = (*self._moves, *moves)

    def offers(self) -> dict[str, Callable[[], Tensor]]:
        return {"token_ids": self.token_ids}

    def token_ids(self) -> Tensor:
        """Which word each token is ``[batch, tokens]``.

        Raises:
            PrunariumError: the model was given embeddings.
        """
        if self._token_ids is None:
            raise PrunariumError("the method reads token ids; give the model input_ids, not inputs_embeds")
        places = self.positions()
        return self._token_ids if places is None else self._token_ids.gather(1, places.clamp(min=0))

    def positions(self) -> Tensor | None:
        """Where each token was when it entered, ``DROPPED`` for none ``[batch, tokens]``; ``None`` while all are."""
        if not self._moves:
            return None
        first = self._moves[0].group()
        places = torch.arange(first.shape[1], device=first.device).expand(len(first), -1)
        return follow(places, self._moves)

    def finish(self, x: Tensor) -> tuple[Tensor, tuple[Move, ...]]:
        """Let the method put back what it set aside, then give the output its length back."""
        moves: tuple[Move, ...] = ()
        if type(self.method).finish is not TokenMethod.finish:
            last = x
            x, moves = super().finish(x)
            self.departures.part(last, moves)
        return self.departures.restored(x), moves
