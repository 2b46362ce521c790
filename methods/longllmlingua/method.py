from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor

from prunarium.families import IterativeMethod, Prompt

RESTRICTIVE = " We can get the answer to this question in the given documents."


class LongLLMLingua(IterativeMethod):
    """Keep the documents that explain the question best, and of them the tokens that the question makes likelier.

    Jiang et al., LongLLMLingua: Accelerating and Enhancing LLMs in Long Context Scenarios via Prompt Compression, ACL
    2024 (arXiv 2310.06839), sections 4.1 to 4.3: documents by the question's loss behind them, tokens by contrastive
    perplexity, more of the better documents' tokens.
    """

    asks_question: ClassVar[bool] = True

    dynamic: Annotated[float, Field(ge=0, le=1, strict=True)] = Field(
        0.3, description="by how much more of the best document's tokens is kept than on average, of the worst less"
    )

    def order(self, prompt: Prompt, contexts: Sequence[Sequence[int]]) -> list[int]:
        asked = prompt.scorer.tokens(prompt.question + RESTRICTIVE).ids
        found = prompt.scorer.losses([[*context, *asked] for context in contexts])
        means = [float(losses[-len(asked) :].mean()) for losses in found]
        return sorted(range(len(means)), key=means.__getitem__)

    def worth(self, prompt: Prompt, ids: Sequence[int], start: int) -> Tensor:
        question = prompt.scorer.tokens(f"{prompt.question}\n\n").ids
        [alone] = prompt.scorer.losses([ids], start)
        [asked] = prompt.scorer.losses([ids], start, prefix=question)
        worth: Tensor = alone - asked
        return worth
