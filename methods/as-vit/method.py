from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import torch
from pydantic import Field
from torch import Tensor, nn

from prunarium.families import Attention, CumulativeMethod, LearnedMethod, Shape, VitMethod, after_first
from prunarium.ops import Tokens, above, mean_tokens, thin


class ASViT(LearnedMethod, CumulativeMethod, VitMethod):
    """Keep the tokens whose score is above a learned threshold: cls attention, its heads weighted by what they give.

    Liu et al., Adaptive Sparse ViT: Towards Learnable Adaptive Token Pruning by Fully Exploiting Self-Attention,
    IJCAI 2023 (arXiv 2209.13802), sections 3.2 and 3.3. The scores are those of the block before.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"cls_attention", "head_outputs"})
    place: ClassVar[Literal["before"]] = "before"
    adaptive: ClassVar[bool] = True
    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.7, description="share of tokens to keep at each stage on average: what training aims at, nothing afterwards"
    )
    strictness: Annotated[float, Field(ge=0)] = Field(
        1.0, description="factor on the learned thresholds; at 0 every token stays"
    )
    temperature: Annotated[float, Field(gt=0)] = Field(
        0.2, description="of the sigmoid whose gradient moves the thresholds, in even shares of the attention"
    )

    def acts_at(self, shape: Shape) -> Collection[int]:
        return after_first(super().acts_at(shape), asked_for=self.blocks is not None)

    def parts(self, shape: Shape) -> nn.ParameterDict:
        """One threshold for each stage, in even shares of the attention."""
        return nn.ParameterDict({"thresholds": 0.2 * torch.arange(1.0, len(self.acts_at(shape)) + 1)})

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        if self.strictness == 0:
            return tokens
        assert self.blocks is not None and isinstance(self.learned, nn.ParameterDict), "fit to a model first"
        threshold = self.strictness * self.learned["thresholds"][self.blocks.index(block)] / tokens.original
        score = self.score(attention)[:, tokens.prefix :]
        if self.learned.training:
            return thin(tokens, above(score.detach(), threshold, self.temperature / tokens.original))
        return tokens.keep_where(score > threshold)

    @staticmethod
    def score(attention: Attention) -> Tensor:
        """Of every token ``[batch, tokens]``."""
        given = attention.head_outputs.norm(dim=-1)
        return (attention.cls_attention * given / (given.sum(dim=1, keepdim=True) + 1e-8)).sum(dim=1)

    def loss(self, memory: Mapping[str, Any]) -> Tensor | None:
        """How far the mean number of tokens per block is from that of the keep rate."""
        shares, shape = memory.get("shares"), self._fitted_to
        if not shares:
            return None
        assert self.blocks is not None and shape is not None, "fit to a model first"
        wanted = [torch.tensor(self.keep_rate ** (stage + 1)) for stage in range(len(shares))]
        left, aim = (mean_tokens(each, self.blocks, shape.depth) for each in (shares, wanted))
        return 2 * (left - aim).abs()

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"strictness": (1 - amount) / max(amount, 1e-6)})
