from typing import Annotated, Literal

from pydantic import Field
from torch import nn

from prunarium.families import Attention, LearnedStages, Shape, StagedMethod, VitMethod
from prunarium.ops import KeepPredictor, Tokens, squeeze, squeeze_softly


class TPS(LearnedStages, VitMethod):
    """Drop tokens, but squeeze each of them into the kept one that it is most like.

    Wei et al., Joint Token Pruning and Squeezing Towards More Aggressive Compression of Vision Transformers, CVPR 2023
    (arXiv 2304.10716), section 3. dTPS drops by DynamicViT's learned network, before a block; eTPS by cls attention as
    EViT does, inside a block, and learns nothing of its own.
    """

    variant: Literal["dtps", "etps"] = Field("dtps", description="what is dropped: by a network, or by cls attention")
    temperature: Annotated[float, Field(gt=0)] = Field(
        1.0, description="the lower, the more a dropped token weighs that is like its host"
    )

    @property
    def place(self) -> Literal["between", "before"]:  # type: ignore[override]  # it depends on the variant
        return "before" if self.variant == "dtps" else "between"

    @property
    def needs(self) -> frozenset[str]:  # type: ignore[override]
        return frozenset() if self.variant == "dtps" else frozenset({"cls_attention"})

    def part(self, shape: Shape) -> nn.Module:
        return KeepPredictor(shape.dim) if self.variant == "dtps" else nn.Identity()

    def kept(self, tokens: Tokens, block: int) -> int:
        return super().kept(tokens, block) if self.variant == "dtps" else StagedMethod.kept(self, tokens, block)

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        kept = self.kept(tokens, block)
        if kept == tokens.reducible:
            return tokens
        if self.variant == "etps":
            score = attention.cls_attention.mean(dim=1)[:, tokens.prefix :]
        else:
            predictor = self.part_at(block)
            if predictor.training:
                return squeeze_softly(tokens, predictor.thin(tokens), self.temperature)
            score = predictor(tokens.x[:, tokens.prefix :])[..., 0]
        order = score.argsort(dim=-1, descending=True)
        return squeeze(tokens, order[:, :kept], order[:, kept:], self.temperature)
