"""Keeping the words of a text that a classifier of tokens would keep."""

from collections.abc import Collection, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray


def word_scores(tokens: Sequence[float], words: Sequence[int], by: Literal["mean", "first"]) -> NDArray[np.float64]:
    """One number for each word, from those of its tokens ``[words]``.

    Args:
        tokens: ``[tokens]``.
        words: which word each token belongs to, ascending from 0 ``[tokens]``.
        by: the mean of a word's tokens, or its first one's.
    """
    values, index = np.asarray(tokens, dtype=float), np.asarray(words)
    if by == "first":
        return values[np.unique(index, return_index=True)[1]]
    return np.bincount(index, weights=values) / np.bincount(index)


def word_threshold(scores: NDArray[np.float64], counts: Sequence[int], share: float) -> float:
    """What a word's score must exceed: the percentile (whole, one above the share to drop) over all tokens.

    Args:
        scores: ``[words]``.
        counts: tokens of each word, in the tokenizer of the model that will read the text ``[words]``.
        share: of the tokens to keep.
    """
    return float(np.percentile(np.repeat(scores, counts), min(int(100 * (1 - share) + 1), 100)))


def words_kept(scores: NDArray[np.float64], threshold: float) -> NDArray[np.bool_]:
    """Those above the threshold, or at it where it is 1: words that must stay ``[words]``."""
    return (scores > threshold) | ((scores == threshold) & (threshold == 1))


def without_echoes(
    scores: NDArray[np.float64], words: Sequence[str], forced: Collection[str], share: float
) -> NDArray[np.float64]:
    """The scores, with 0 for a forced word like the forced one before it and nothing worth keeping between them.

    Worth keeping is a word above the percentile of the share to drop, over all words ``[words]``.
    """
    threshold = np.percentile(scores, int(100 * (1 - share)))
    last, apart, left = "", False, scores.copy()
    for place, word in enumerate(words):
        if word not in forced:
            apart = apart or bool(scores[place] > threshold)
            continue
        if word == last and not apart:
            left[place] = 0
        last, apart = word, False
    return left


def once_in_a_row(kept: NDArray[np.bool_], words: Sequence[str], forced: Collection[str]) -> NDArray[np.bool_]:
    """The same, without a forced word that would stand directly behind the same one ``[words]``."""
    left, last = kept.copy(), ""
    for place in np.flatnonzero(kept).tolist():
        if words[place] in forced and words[place] == last:
            left[place] = False
        last = words[place]
    return left
