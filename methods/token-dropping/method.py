import math
from collections.abc import Collection
from typing import Annotated, Any, ClassVar, Literal, Self

import torch
from pydantic import Field, PrivateAttr
from torch import Tensor, nn

from prunarium.families import Attention, LearnedEncoderMethod, Shape
from prunarium.ops import Tokens, set_aside, take_back


class TokenDropping(LearnedEncoderMethod):
    """In training, take the words that are learned best past the middle layers; all are back in the last one.

    Hou et al., Token Dropping for Efficient BERT Pretraining, ACL 2022 (arXiv 2203.13240). How well a word
    is learned is the running mean of its loss, which ``observe`` is told. Outside training nothing is dropped.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"token_ids"})
    place: ClassVar[Literal["before"]] = "before"
    weights: str = Field("random", description="means of losses: 'random' for those at first, or a safetensors file")
    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.5, description="in training: share of the tokens that the middle layers see"
    )
    never: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        (), description="words that are never dropped, such as the separator and the mask"
    )
    vocabulary: Annotated[int, Field(ge=2, strict=True)] = Field(30522, description="how many words there are")
    memory: Annotated[float, Field(ge=0, lt=1)] = Field(0.99, description="of the running means of losses")
    _depth: int = PrivateAttr(0)

    def parts(self, shape: Shape) -> nn.Module:
        """The running means."""
        parts = nn.Module()
        parts.register_buffer("losses", torch.full((self.vocabulary,), math.log(self.vocabulary)))
        return parts

    def fit(self, shape: Shape) -> Self:
        fitted = super().fit(shape).model_copy()
        fitted._depth = shape.depth
        return fitted

    def acts_at(self, shape: Shape) -> Collection[int]:
        first, last = max(1, shape.depth // 2 - 1), shape.depth - 1
        return (first, last) if first < last else ()

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        if not tokens.training or self.keep_rate == 1:
            return tokens
        if block == self._depth - 1:
            return take_back(tokens, tokens.memory["aside"])
        losses: Any = self.learned.losses
        words = attention.token_ids[:, tokens.prefix :]
        score = losses[words]
        for word in self.never:
            score = score.masked_fill(words == word, torch.inf)
        if tokens.there is not None:
            score = score.masked_fill(~tokens.there[:, tokens.prefix :], -1)
        longest = tokens.real if isinstance(tokens.real, int) else int(tokens.real.max())
        order = score.argsort(dim=1, descending=True, stable=True)
        tokens, aside = set_aside(tokens, order, math.ceil(self.keep_rate * longest))
        return tokens.remember(aside=aside)

    def observe(self, words: Tensor, losses: Tensor) -> None:
        """Add the losses of a training pass to the running means of their words.

        Args:
            words: of any shape.
            losses: of each of them, such as that of masked language modelling.
        """
        means: Any = self.learned.losses
        words, losses = words.flatten(), losses.detach().flatten().to(means.dtype)
        sums = torch.zeros_like(means).index_add(0, words, losses)
        counts = torch.zeros_like(means).index_add(0, words, torch.ones_like(losses))
        seen = counts > 0
        means[seen] = means[seen].lerp(sums[seen] / counts[seen], 1 - self.memory)

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"keep_rate": max(amount, 1e-6)})
