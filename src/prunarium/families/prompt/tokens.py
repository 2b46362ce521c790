"""What a tokenizer makes of a text, and where it stands there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prunarium.errors import PrunariumError
from prunarium.families.prompt.spans import units_of
from prunarium.ops import Span


@dataclass(frozen=True)
class TextTokens:
    """The tokens of a text.

    Attributes:
        ids: ``[tokens]``.
        units: which span each token belongs to, ascending from 0 ``[tokens]``.
        spans: together the whole text, in order ``[units]``; tokens that are bytes of one character have one in common.
        words: which word each token belongs to, as the tokenizer sees words ``[tokens]``.
    """

    ids: list[int]
    units: list[int]
    spans: list[Span]
    words: list[int]


def check_tokenizer(tokenizer: Any) -> None:
    """Refuse a tokenizer that does not say where its tokens stand."""
    if not getattr(tokenizer, "is_fast", False):
        raise PrunariumError(
            f"{type(tokenizer).__name__} does not say where its tokens stand in the text; give a fast tokenizer "
            "(AutoTokenizer loads one where there is one)"
        )


def check_text(text: str) -> None:
    """Refuse a text that has no bytes: half of a pair of surrogates, as some faulty decoders leave it."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise PrunariumError(
            f"the prompt holds half a character at {error.start} ({text[error.start]!a}); decode it anew, or drop it"
        ) from error


def read_tokens(tokenizer: Any, text: str) -> TextTokens:
    """The tokens of a text, without special ones."""
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    spans, units = units_of(encoded["offset_mapping"], len(text))
    words: list[int] = []
    named = encoded.word_ids()
    for index, name in enumerate(named):
        same = index > 0 and (name == named[index - 1] or units[index] == units[index - 1])
        words.append((words[-1] if words else 0) + (index > 0 and not same))
    return TextTokens(encoded["input_ids"], units, spans, words)


def count_tokens(tokenizer: Any, text: str) -> int:
    """How many tokens a text is, without special ones."""
    return len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])


def count_each(tokenizer: Any, texts: Sequence[str]) -> list[int]:
    """How many tokens each of several texts is, without special ones."""
    return [len(ids) for ids in tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]]


def special_around(tokenizer: Any, text: str) -> tuple[list[int], list[int]]:
    """The special tokens that the tokenizer puts before and behind a text; the text must not be empty."""
    encoded = tokenizer(text, return_special_tokens_mask=True, verbose=False)
    ids, is_special = encoded["input_ids"], encoded["special_tokens_mask"]
    if 0 not in is_special:
        return [], []
    behind = is_special[::-1].index(0)
    return ids[: is_special.index(0)], ids[len(ids) - behind :]
