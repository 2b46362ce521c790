from collections.abc import Iterator
from typing import ClassVar

from torch.nn.functional import cosine_similarity

from prunarium.families import Prompt, PromptMethod, Ranked, SentenceEncoder, sentences


class CPC(PromptMethod):
    """Keep the sentences whose vectors, made in their context, are nearest to the question's, in their order.

    Liskavets et al., Prompt Compression with Context-Aware Sentence Encoding for Fast and Improved LLM Inference, AAAI
    2025 (arXiv 2409.01227), section 3. The sentence encoder is the caller's.
    """

    scores_with: ClassVar[type | None] = SentenceEncoder
    asks_question: ClassVar[bool] = True

    def rank(self, prompt: Prompt) -> Iterator[Ranked]:
        spans = sentences(prompt.text)
        vectors = prompt.scorer.embed(prompt.text, spans)
        question = prompt.scorer.embed(prompt.question, [(0, len(prompt.question))])
        for (start, end), near in zip(spans, cosine_similarity(vectors, question).tolist(), strict=True):
            yield Ranked(start, end, near)
