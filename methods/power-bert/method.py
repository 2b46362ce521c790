from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Self

import torch
from pydantic import Field
from torch import Tensor, nn

from prunarium.families import Attention, LearnedEncoderMethod, RetentionMethod, Shape
from prunarium.ops import Tokens, keep_best, less


class PowerBert(LearnedEncoderMethod, RetentionMethod):
    """Keep in each layer the word vectors that others attend to most, as many as a retention configuration says.

    Goyal et al., PoWER-BERT: Accelerating BERT Inference via Progressive Word-vector Elimination, ICML 2020
    (arXiv 2001.08950), section 3. With ``learn`` training weighs the vectors by learned numbers of their rank (soft
    extraction); afterwards the sums of these numbers are the configuration.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"attention_from_others"})
    learn: bool = Field(False, description="whether the configuration is learned; retention then means nothing")
    longest: Annotated[int, Field(ge=1, strict=True)] = Field(
        512, description="ranks that have a learned number of their own; those beyond share the last one's"
    )
    exponent: Annotated[float, Field(ge=0)] = Field(
        1.0, description="power of the shares of tokens that a learned configuration keeps; at 0 every token stays"
    )
    regularisation: Annotated[float, Field(ge=0)] = Field(
        3e-4, description="weight of the learned numbers' sums in a training loss, times the layer counted from 1"
    )

    def parts(self, shape: Shape) -> nn.Module:
        depth = shape.depth if self.learn else 0
        return nn.ParameterList(nn.Parameter(torch.ones(self.longest)) for _ in range(depth))

    def acts_at(self, shape: Shape) -> Collection[int]:
        return range(shape.depth) if self.learn else super().acts_at(shape)

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        significance = attention.attention_from_others
        if self.learn and tokens.training:
            return self.soften(tokens, significance, block)
        return keep_best(tokens, significance[:, tokens.prefix :], self.kept(tokens, block))

    def soften(self, tokens: Tokens, significance: Tensor, block: int) -> Tokens:
        """Every vector times the learned number of its rank, the most significant first."""
        significance = significance if tokens.there is None else significance.masked_fill(~tokens.there, -1)
        rank = significance.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
        numbers = self._numbers(block)
        with torch.no_grad():
            numbers.clamp_(0, 1)  # as after every step; clamped in the graph, numbers of 1 would get no gradient
        weight = numbers[rank.clamp(max=self.longest - 1)]
        return replace(tokens, x=tokens.x * weight.unsqueeze(-1).to(tokens.x.dtype))

    def kept(self, tokens: Tokens, block: int) -> int | Tensor:
        if not self.learn:
            return super().kept(tokens, block)
        sums = self._numbers(block).detach().double().clamp(0, 1).cumsum(dim=0)
        entered = tokens.entered
        ranks = entered if isinstance(entered, Tensor) else torch.tensor(entered)
        ranks = ranks.to(sums.device)
        share = sums[ranks.clamp(max=self.longest) - 1] / ranks
        count = (share**self.exponent * ranks + 1e-6).long().clamp(min=1)
        return less(count if isinstance(entered, Tensor) else int(count), tokens.prefix)

    def _numbers(self, block: int) -> Tensor:
        assert isinstance(self.learned, nn.ParameterList)
        numbers: Tensor = self.learned[block]
        return numbers

    def loss(self, memory: Mapping[str, Any]) -> Tensor | None:
        """The learned numbers' sums, those of later layers counting more."""
        if not self.learn:
            return None
        sums = [(layer + 1) * self._numbers(layer).sum() for layer in range(len(list(self.learned.parameters())))]
        return self.regularisation * torch.stack(sums).sum()

    def knob(self, amount: float, shape: Shape) -> Self:
        if not self.learn:
            return super().knob(amount, shape)
        return self.model_copy(update={"exponent": (1 - amount) / max(amount, 1e-6)})
