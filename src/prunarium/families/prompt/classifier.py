"""Which tokens of a text a token classifier would keep."""

from dataclasses import dataclass
from typing import Any

import torch

from prunarium.errors import PrunariumError
from prunarium.families.prompt.tokens import TextTokens, check_tokenizer, read_tokens, special_around
from prunarium.families.prompt.windows import evaluating, window_of
from prunarium.ops import Span


@dataclass(frozen=True)
class Judged:
    """A chunk of a text, as a classifier sees it.

    Attributes:
        spans: of its words, in the whole text; the chunks' words are together the whole text ``[words]``.
        words: which word each token belongs to, ascending from 0 ``[tokens]``.
        keep: probability that a token is worth keeping ``[tokens]``.
    """

    spans: list[Span]
    words: list[int]
    keep: list[float]


class TokenClassifier:
    """Reads texts with a token classifier of transformers whose label 1 means: keep.

    A text is cut into chunks that the model reads at once, behind a full stop or a line's end where there is one.
    """

    def __init__(self, model: Any, tokenizer: Any, *, window: int | None = None) -> None:
        """A model and its tokenizer.

        Args:
            model: such as AutoModelForTokenClassification loads.
            tokenizer: the model's own, a fast one.
            window: tokens of a chunk at most; default: as many as the model can read.

        Raises:
            PrunariumError: the tokenizer does not say where its tokens stand, the model has not two labels, or the
                window does not fit it.
        """
        check_tokenizer(tokenizer)
        if getattr(model.config, "num_labels", 2) != 2:
            raise PrunariumError(f"the classifier has {model.config.num_labels} labels; it must have two: drop, keep")
        self.model, self.tokenizer = model, tokenizer
        self.window = window_of(model, window, tokenizer.num_special_tokens_to_add())

    def classify(self, text: str) -> list[Judged]:
        """The chunks of a text."""
        tokens = read_tokens(self.tokenizer, text)
        before, behind = special_around(self.tokenizer, text)
        found, begin = [], 0
        with evaluating(self.model):
            while begin < len(tokens.ids):
                end = self._chunk_end(text, tokens, begin)
                ids = torch.tensor([[*before, *tokens.ids[begin:end], *behind]], device=self.model.device)
                keep = self.model(input_ids=ids).logits[0].float().softmax(dim=-1)[:, 1]
                found.append(_judged(tokens, begin, end, keep[len(before) : len(before) + end - begin].tolist()))
                begin = end
        return found

    def _chunk_end(self, text: str, tokens: TextTokens, begin: int) -> int:
        """One token behind the last of a chunk: at a sentence's or a line's end, else where a word or a token ends."""
        most = begin + self.window
        if most >= len(tokens.ids):
            return len(tokens.ids)
        ends = range(most, begin, -1)
        of_words = [end for end in ends if tokens.words[end] != tokens.words[end - 1]]
        of_tokens = (end for end in ends if tokens.units[end] != tokens.units[end - 1])
        for end in of_words:
            left, right = (text[slice(*tokens.spans[tokens.units[at]])] for at in (end - 1, end))
            if left.endswith(".") or "\n" in right[: len(right) - len(right.lstrip())]:
                return end
        return of_words[0] if of_words else next(of_tokens, most)


def _judged(tokens: TextTokens, begin: int, end: int, keep: list[float]) -> Judged:
    """A chunk, from the probabilities of its tokens."""
    words = [word - tokens.words[begin] for word in tokens.words[begin:end]]
    spans: list[Span] = []
    for word, unit in zip(words, tokens.units[begin:end], strict=True):
        start, stop = tokens.spans[unit]
        if word < len(spans):
            spans[word] = (spans[word][0], stop)
        else:
            spans.append((start, stop))
    return Judged(spans, words, keep)
