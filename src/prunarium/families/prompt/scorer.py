"""How surprising each token of a text is to a language model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from prunarium.errors import PrunariumError
from prunarium.families.prompt.tokens import TextTokens, check_tokenizer, read_tokens
from prunarium.families.prompt.windows import evaluating, window_of, windows
from prunarium.ops import Span


@dataclass(frozen=True)
class Surprise:
    """What a language model knows before it reads each token of a text.

    Attributes:
        spans: of the tokens, together the whole text ``[units]``.
        nats: self-information of each, -log of its probability; tokens that share a span are summed ``[units]``.
    """

    spans: list[Span]
    nats: list[float]


class Scorer:
    """Reads texts with a causal language model of transformers, to tell how surprising their tokens are.

    Texts are read several at a time. What is longer than the model reads at once is read in windows, in which every
    token but those of the first window has at least half a window before it.
    """

    def __init__(self, model: Any, tokenizer: Any, *, window: int | None = None, batch_tokens: int = 4096) -> None:
        """A model and its tokenizer.

        Args:
            model: such as AutoModelForCausalLM loads.
            tokenizer: the model's own, a fast one.
            window: tokens read at once; default: as many as the model can, at most 4,096.
            batch_tokens: padded tokens of the texts read together; the logits of so many are in memory at once.

        Raises:
            PrunariumError: the tokenizer does not say where its tokens stand, or the window does not fit the model.
        """
        check_tokenizer(tokenizer)
        self.model, self.tokenizer, self.batch_tokens = model, tokenizer, batch_tokens
        self.window = window_of(model, window)

    def tokens(self, text: str) -> TextTokens:
        """The tokens of a text."""
        return read_tokens(self.tokenizer, text)

    def read(self, texts: Sequence[str]) -> list[Surprise]:
        """The self-information of every token, each text on its own behind the beginning-of-text token.

        Raises:
            PrunariumError: the tokenizer has no token that a text begins with.
        """
        first = self._beginning()
        tokens = [self.tokens(text) for text in texts]
        found = []
        for one, losses in zip(tokens, self.losses([[first, *one.ids] for one in tokens]), strict=True):
            sums = [0.0] * len(one.spans)
            for unit, loss in zip(one.units, losses.tolist(), strict=True):
                sums[unit] += loss
            found.append(Surprise(one.spans, sums))
        return found

    def losses(self, sequences: Sequence[Sequence[int]], since: int = 0, prefix: Sequence[int] = ()) -> list[Tensor]:
        """Cross entropy in nats of every token but the first, given those before it, on the CPU.

        Args:
            sequences: token ids of each text.
            since: leave out the losses of so many tokens behind the first; windows of them alone are not read.
            prefix: token ids that stand before every window, such as a question.

        Returns:
            For each text ``[tokens - 1 - since]``.

        Raises:
            PrunariumError: the prefix leaves no room for the text.
        """
        size = self.window - len(prefix)
        if size < 2:
            raise PrunariumError(
                f"{len(prefix)} tokens before the text leave no room in the scorer's window of {self.window}; "
                "shorten the question, or take a scorer that reads more at once"
            )
        found = [torch.zeros(max(len(ids) - 1, 0)) for ids in sequences]
        pieces = [
            _Piece(text, [*prefix, *ids[begin:end]], begin - len(prefix), max(fresh, 1), end)
            for text, ids in enumerate(sequences)
            for begin, end, fresh in windows(len(ids), size)
            if end > since + 1
        ]
        with evaluating(self.model):
            for batch in self._batches(sorted(pieces, key=lambda piece: len(piece.ids))):
                for piece, losses in zip(batch, self._read([piece.ids for piece in batch]), strict=True):
                    first = piece.fresh - piece.begin - 1
                    found[piece.text][piece.fresh - 1 : piece.end - 1] = losses[first : piece.end - piece.begin - 1]
        return [losses[since:] for losses in found]

    def _read(self, sequences: list[list[int]]) -> Tensor:
        """Losses of the tokens behind the first ``[texts, longest - 1]``; padding stands on the right, unseen."""
        device = self.model.device
        longest = max(map(len, sequences))
        ids = torch.tensor([[*one, *[0] * (longest - len(one))] for one in sequences], device=device)
        there = torch.tensor([[1] * len(one) + [0] * (longest - len(one)) for one in sequences], device=device)
        logits = self.model(input_ids=ids, attention_mask=there, use_cache=False).logits[:, :-1]
        return cross_entropy(logits.transpose(1, 2).float(), ids[:, 1:], reduction="none").cpu()

    def _batches(self, pieces: list["_Piece"]) -> Iterator[list["_Piece"]]:
        """Pieces of like lengths together, ascending, padded to at most ``batch_tokens``."""
        batch: list[_Piece] = []
        for piece in pieces:
            if batch and len(piece.ids) * (len(batch) + 1) > self.batch_tokens:
                yield batch
                batch = []
            batch.append(piece)
        if batch:
            yield batch

    def _beginning(self) -> int:
        for name in ("bos_token_id", "eos_token_id"):  # GPT-2's <|endoftext|> is both
            found = getattr(self.tokenizer, name, None)
            if found is not None:
                return int(found)
        raise PrunariumError(
            "the scorer's tokenizer has no token that a text begins with, so its first token cannot be scored; "
            "set tokenizer.bos_token"
        )


@dataclass(frozen=True)
class _Piece:
    """What is read of a text at once.

    Attributes:
        text: which one.
        ids: what the model reads ``[tokens]``.
        begin: place in the text of the first of them; below 0 where a prefix stands before the text.
        fresh: the first place whose loss no window before gave.
        end: one behind the last place.
    """

    text: int
    ids: list[int]
    begin: int
    fresh: int
    end: int
