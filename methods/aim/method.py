import math
from collections.abc import Collection
from typing import Annotated, ClassVar, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from prunarium.families import Attention, Block, Layout, Shape, VlmMethod, at_depth, check_stages, turned
from prunarium.ops import Tokens, bipartite_soft_matching, in_order, page_rank, rms_of_telling_heads, top


class AIM(VlmMethod):
    """Merge image tokens that are alike before the language model, and drop more and more of them in its later layers.

    Those dropped are the least important in the graph of a layer's attention. Zhong et al., AIM: Adaptive Inference of
    Multi-Modal LLMs via Token Merging and Pruning, ICCV 2025 (arXiv 2412.03248), section 3.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"logits", "image_places"})
    merged_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.25, description="share of the image tokens that merging leaves; every round of merging loses up to half"
    )
    first: Block | None = Field(
        None, ge=1, description="first layer before which tokens are dropped, counted from 0; default: at 14 of 28"
    )
    last: Block | None = Field(None, description="last of them, between which it is every layer; default: at 21 of 28")
    left_rate: Annotated[float, Field(ge=0, le=1, strict=True)] = Field(
        0.0, description="share of the merged tokens that is left from the last of these layers on"
    )
    temperature: Annotated[float, Field(gt=0)] = Field(0.1, description="of the attention that makes the graph")
    rounds: Annotated[int, Field(ge=1, strict=True)] = Field(5, description="rounds of voting in the graph")

    @model_validator(mode="after")
    def _layers_rise(self) -> Self:
        if self.first is not None and self.last is not None and self.first > self.last:
            raise ValueError("first must not be behind last")
        return self

    def fit(self, shape: Shape) -> Self:
        first, last = at_depth((14, 21), 28, shape.depth)
        first = max(1, first) if self.first is None else self.first
        last = max(first, last) if self.last is None else self.last
        return self.model_copy(update={"first": first, "last": last})

    def acts_at(self, shape: Shape) -> Collection[int]:
        fitted = self.fit(shape)
        assert fitted.first is not None and fitted.last is not None
        layers = range(fitted.first, fitted.last + 1)
        check_stages(layers, shape.depth)
        return layers

    def project(self, tokens: Tokens, layout: Layout) -> Tokens:
        wanted = math.ceil(self.merged_rate * tokens.count)
        while tokens.count > wanted:
            matching = bipartite_soft_matching(tokens.x, tokens.count - wanted)
            tokens = matching.merge(tokens, alike=True, ranked=True)
        return tokens

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        assert self.first is not None and self.last is not None, "fit to a model first"
        entered = tokens.memory.get("entered", tokens.count)
        tokens = tokens.remember(entered=entered)
        share = (self.last - block) / (self.last - self.first + 1)
        count = int(entered * (self.left_rate + (1 - self.left_rate) * share))
        if count >= tokens.count:
            return tokens
        score = self.importance(attention.logits).gather(1, attention.image_places)
        return tokens.keep(in_order(top(score, count)))

    def importance(self, logits: Tensor) -> Tensor:
        """PageRank of each token, with a mean of about 1 ``[batch, tokens]``.

        Args:
            logits: masked with -inf ``[batch, heads, tokens, tokens]``.
        """
        sharp = (logits.to(torch.promote_types(logits.dtype, torch.float32)) / self.temperature).softmax(dim=-1)
        score = page_rank(sharp, self.rounds, start=torch.ones_like(sharp[:, 0, 0]))
        return rms_of_telling_heads(score, 0.0, math.inf)

    def knob(self, amount: float, shape: Shape) -> Self:
        """Merging as ``turned``; what is left at last grows above one half."""
        rate = max(turned(self.merged_rate, amount), 1e-6)
        return self.model_copy(update={"merged_rate": rate, "left_rate": max(0.0, 2 * amount - 1)})
