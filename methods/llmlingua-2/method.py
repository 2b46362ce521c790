from collections.abc import Iterable, Iterator
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from prunarium.families import Judged, Prompt, Ranked, RulePromptMethod, TokenClassifier, count_each, spaced_text_of
from prunarium.ops import Span, once_in_a_row, without_echoes, word_scores, word_threshold, words_kept


class LLMLingua2(RulePromptMethod):
    """Keep the words that a token classifier would keep, chunk by chunk.

    Pan et al., LLMLingua-2: Data Distillation for Efficient and Faithful Task-Agnostic Prompt Compression, Findings of
    ACL 2024 (arXiv 2403.12968), section 4. The classifier is the caller's.
    """

    scores_with: ClassVar[type | None] = TokenClassifier

    word_score: Literal["mean", "first"] = Field("mean", description="which of its tokens' probabilities a word gets")
    forced: tuple[str, ...] = Field((), description="words that always stay")
    drop_echoes: bool = Field(False, description="drop a forced word that follows the same one, nothing between them")

    @staticmethod
    def left(text: str, spans: Iterable[Span]) -> str:
        return spaced_text_of(text, spans)

    def rank(self, prompt: Prompt) -> Iterator[Ranked]:
        for chunk in prompt.scorer.classify(prompt.text):
            yield from self._ranked(prompt, chunk)

    def _ranked(self, prompt: Prompt, chunk: Judged) -> Iterator[Ranked]:
        words = [prompt.text[start:end].strip() for start, end in chunk.spans]
        scores = word_scores(chunk.keep, chunk.words, self.word_score)
        scores[np.isin(words, self.forced)] = 1.0
        if self.drop_echoes:
            scores = without_echoes(scores, words, self.forced, prompt.share)
        counts = [max(count, 1) for count in count_each(prompt.tokenizer, words)]
        kept = words_kept(scores, word_threshold(scores, counts, prompt.share))
        if self.drop_echoes:
            kept = once_in_a_row(kept, words, self.forced)
        for (start, end), score, keep in zip(chunk.spans, scores.tolist(), kept.tolist(), strict=True):
            yield Ranked(start, end, score, keep)
