"""Methods whose new tokens are learned mixtures of all the old ones."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field
from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families.base import Attention, Shape
from prunarium.families.learned import LearnedStages
from prunarium.families.vit import VitMethod
from prunarium.ops import Tokens, mix


class SoftMerging(LearnedStages, VitMethod):
    """A subclass writes ``part``: a module that takes ``[batch, tokens, dim]`` and how many new tokens to make, and
    returns the weights of the old tokens in the new ones ``[batch, new, old]`` and what is summed.

    Its parts can make as many tokens as the model has, and make the first so many of them: one file of learned parts
    then serves every keep rate.
    """

    place: ClassVar[Literal["before"]] = "before"
    counts: tuple[Annotated[int, Field(ge=1, strict=True)], ...] | None = Field(
        None, min_length=1, description="tokens to make at each stage, besides the prefix; default: by keep_rate"
    )

    @staticmethod
    def most(shape: Shape) -> int:
        """How many tokens the parts for a model can make.

        Raises:
            PrunariumError: the model does not say how many tokens it has.
        """
        if shape.tokens is None:
            raise PrunariumError("learned mixtures need a model with a fixed number of tokens; give it an image size")
        return shape.tokens - shape.prefix

    def fit(self, shape: Shape) -> Self:
        stages = len(self.acts_at(shape))
        if self.counts is not None and len(self.counts) != stages:
            raise PrunariumError(
                f"counts lists {len(self.counts)} stages, there are {stages}; give one number for each"
            )
        return super().fit(shape)

    def kept(self, tokens: Tokens, block: int) -> int:
        if self.counts is None:
            return super().kept(tokens, block)
        assert self.blocks is not None, "fit to a model first"
        return min(self.counts[self.blocks.index(block)], tokens.reducible)

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        kept = self.kept(tokens, block)
        if kept == tokens.reducible:
            return tokens
        weight, x = self.part_at(block)(tokens.x[:, tokens.prefix :], kept)
        if weight.shape[1] < kept:
            raise PrunariumError(
                f"these learned parts make at most {weight.shape[1]} tokens, not {kept}: the image is larger than the "
                "model was made for; give counts"
            )
        return mix(tokens, weight, x)

    def knob(self, amount: float, shape: Shape) -> Self:
        return super().knob(amount, shape).model_copy(update={"counts": None})


Mixture = tuple[Tensor, Tensor]
"""Weights of the old tokens in the new ones, and what is summed."""
