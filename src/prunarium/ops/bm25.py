"""Ranking texts against a query by the words they share."""

from collections import Counter
from collections.abc import Sequence
from math import log


def bm25(query: Sequence[str], texts: Sequence[Sequence[str]], k1: float = 1.5, b: float = 0.75) -> list[float]:
    """Okapi BM25 score of each text, all of which together are the collection.

    Robertson & Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009, equation 3.15; the weight of a
    word is log(1 + (n - df + 0.5) / (df + 0.5)), which unlike theirs is never negative, as in Lucene.

    Args:
        query: its words; one that occurs twice counts twice.
        texts: the words of each text.
        k1: how slowly a word's count saturates.
        b: how much long texts are held back, from 0 (not at all) to 1.
    """
    counts = [Counter(words) for words in texts]
    found_in = Counter(word for words in counts for word in words)
    mean_length = sum(map(len, texts)) / max(len(texts), 1) or 1.0

    def score(count: Counter[str], length: int) -> float:
        held_back = k1 * (1 - b + b * length / mean_length)
        return sum(
            log(1 + (len(texts) - found_in[word] + 0.5) / (found_in[word] + 0.5))
            * count[word]
            * (k1 + 1)
            / (count[word] + held_back)
            for word in query
            if count[word]
        )

    return [score(count, len(words)) for count, words in zip(counts, texts, strict=True)]
