"""Methods that put a few learned tokens, or what the model makes of them, in the place of a prompt."""

from abc import abstractmethod
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn

from prunarium.families.base import Shape
from prunarium.families.decoder.bounded import Count, LimitedMethod
from prunarium.families.decoder.context import Context, Past
from prunarium.families.decoder.learned import LearnedDecoderMethod

SPREAD = 0.02
"""Of what an untrained token is: next to nothing, so that it soon is what the layers write into it."""


class SoftTokenMethod(LearnedDecoderMethod, LimitedMethod):
    """A method that lets soft tokens stand for all of a prompt but its last tokens. A subclass writes ``summarise``.

    The cache holds as many of them as its limit leaves beside those last tokens, and no more than there are vectors.
    Where it leaves room for everything, the prompt is read as ever.
    """

    question: Count = Field(
        5, description="tokens at the end of the prompt that stay as they are, such as a question about the rest"
    )
    vectors: Count = Field(128, description="learned vectors that the parts hold; a setting uses the first so many")

    @abstractmethod
    def summarise(self, context: Context, number: int) -> Past:
        """What stands in the cache for the context: an entry for each of so many soft tokens."""

    def parts(self, shape: Shape) -> nn.ParameterDict:
        return nn.ParameterDict({"tokens": torch.randn(self.vectors, shape.dim) * SPREAD})

    def soft(self, context: Context, number: int) -> Tensor:
        """The first of the learned vectors, for every sample ``[batch, number, dim]``."""
        learned: Tensor = self.learned.get_parameter("tokens")[:number]
        return learned.to(context.embeddings.dtype).expand(len(context.embeddings), -1, -1)

    def compress(self, context: Context) -> Past:
        number = self.number(context.count)
        return context.whole() if number is None else self.summarise(context, number)

    def number(self, tokens: int) -> int | None:
        """Soft tokens that stand for so many tokens; ``None`` where those stay.

        Raises:
            PrunariumError: there is no room for one.
        """
        read = tokens + self.question
        room = int(self.limit(torch.tensor([read])))
        if room >= read:
            return None
        least, most = self.bounds(tokens)
        return min(max(room - self.question, least), most)

    def bounds(self, tokens: int) -> tuple[int, int]:
        """The fewest and the most soft tokens that can stand for so many tokens."""
        return 1, self.vectors

    def entries(self, tokens: int) -> int:
        """What each key head holds after a prompt of so many tokens.

        Raises:
            PrunariumError: there is no room for a soft token, or nothing to compress.
        """
        number = None if self.everything else self.number(tokens - self.question)
        return tokens if number is None else number + self.question

    @property
    def protected(self) -> int:
        return self.question + 1

    @property
    def spared(self) -> int:
        return self.question

    @property
    def compresses(self) -> bool:
        return not self.everything


def joined(*parts: Any) -> Tensor:
    """Embeddings one after the other ``[batch, all tokens, dim]``."""
    return torch.cat(parts, dim=1)
