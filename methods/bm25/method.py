from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from prunarium.families import Prompt, PromptMethod, Ranked, sentences, terms
from prunarium.ops import bm25


class BM25(PromptMethod):
    """Keep the sentences that share the most telling words with the question, in their order.

    Robertson & Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond, 2009, section 3; the prompt's own
    sentences are the collection.
    """

    asks_question: ClassVar[bool] = True

    k1: Annotated[float, Field(ge=0, strict=True)] = Field(1.5, description="how slowly a word's count saturates")
    b: Annotated[float, Field(ge=0, le=1, strict=True)] = Field(
        0.75, description="how much long sentences are held back"
    )

    def rank(self, prompt: Prompt) -> Iterator[Ranked]:
        spans = sentences(prompt.text)
        words = [terms(prompt.text[start:end]) for start, end in spans]
        for (start, end), score in zip(spans, bm25(terms(prompt.question), words, self.k1, self.b), strict=True):
            yield Ranked(start, end, score)
