from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from prunarium.families import Prompt, Ranked, RulePromptMethod, Scorer, Surprise, phrases, sentences
from prunarium.ops import Span, unit_means


class SelectiveContext(RulePromptMethod):
    """Drop the phrases, tokens or sentences that a small language model finds least informative.

    Li, Unlocking Context Constraints of LLMs, 2023 (arXiv 2304.12102), section 3; Li et al., Compressing Context to
    Enhance Inference Efficiency of Large Language Models, EMNLP 2023 (arXiv 2310.06201). Each sentence is read on its
    own; a phrase is worth the mean self-information of its tokens, as in the official code.
    """

    scores_with: ClassVar[type | None] = Scorer

    level: Literal["phrase", "token", "sentence"] = Field("phrase", description="what is kept or dropped as one")

    def rank(self, prompt: Prompt) -> list[Ranked]:
        units = list(self._units(prompt))
        if not units:
            return []
        threshold = np.percentile([value for _, value in units], 100 * (1 - prompt.share))
        return [Ranked(start, end, value, bool(value >= threshold)) for (start, end), value in units]

    def _units(self, prompt: Prompt) -> Iterator[tuple[Span, float]]:
        """Spans of the prompt, and the self-information of each."""
        spans = sentences(prompt.text, ends=".?")
        whole = [prompt.text[start:end] for start, end in spans]
        reads = prompt.scorer.read([text.strip() for text in whole])
        for (start, _), text, read in zip(spans, whole, reads, strict=True):
            first = start + len(text) - len(text.lstrip())
            parts = self.parts(text.strip(), read)
            for (begin, end), value in zip(parts, unit_means(read.nats, read.spans, parts), strict=True):
                yield (first + begin, first + end), value

    def parts(self, sentence: str, read: Surprise) -> Sequence[Span]:
        """What is kept or dropped as one, in a sentence of which it is all."""
        if self.level == "phrase":
            return phrases(sentence)
        return read.spans if self.level == "token" else [(0, len(sentence))]
