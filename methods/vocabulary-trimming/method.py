import unicodedata
from collections.abc import Collection, Iterable
from typing import Any, ClassVar, Self

import torch
from pydantic import Field, PrivateAttr
from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families import DecoderMethod, Shape

PARTIAL = "\N{REPLACEMENT CHARACTER}"


class VocabularyTrimming(DecoderMethod):
    """Let the model say only tokens of some writing systems, or of some texts: the rows of its head for others are left
    out.

    Bogoychev et al., The Ups and Downs of Large Language Model Inference with Vocabulary Trimming by Language
    Heuristics, Insights 2024 (arXiv 2311.09709): selection by Unicode, and by a corpus. The tokenizer has to
    be given with ``of``.
    """

    asks: ClassVar[bool] = True
    scripts: tuple[str, ...] = Field(
        ("LATIN",), min_length=1, description="writing systems of the tokens, by the first word of Unicode's names"
    )
    _allowed: Tensor | None = PrivateAttr(None)

    def of(self, tokenizer: Any, texts: Iterable[str] | None = None) -> Self:
        """This method, which knows its tokens: ``load("vocabulary-trimming").of(tokenizer).apply(model)``.

        Args:
            tokenizer: of the model, a transformers tokenizer.
            texts: whose tokens are let through, in place of those of the writing systems.

        Special tokens are always let through, and by writing system whatever has no letter, and parts of letters.
        """
        special = set(tokenizer.all_special_ids)
        if texts is None:
            words = {number: tokenizer.decode([number]) for number in range(len(tokenizer))}
            found = {number for number, word in words.items() if written_in(word, self.scripts)}
        else:
            found = {number for text in texts for number in tokenizer(text)["input_ids"]}
        if not found - special:
            raise PrunariumError(f"{type(self).__name__} lets no token through; give other scripts or more texts")
        twin = self.model_copy()
        twin._allowed = torch.tensor(sorted(found | special))
        return twin

    def fit(self, shape: Shape) -> Self:
        if self._allowed is None:
            raise PrunariumError(
                f"{type(self).__name__} goes by a tokenizer; give it one: load('vocabulary-trimming').of(tokenizer)"
            )
        return self

    def vocabulary(self) -> Tensor | None:
        return self._allowed


def written_in(word: str, scripts: Collection[str]) -> bool:
    """Whether every letter of a token is of some writing systems; bytes that make up no letter are no letters."""
    letters = [letter for letter in word if letter.isalpha() and letter != PARTIAL]
    return all(unicodedata.name(letter, "").split(" ")[0] in scripts for letter in letters)
