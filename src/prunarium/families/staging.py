"""Methods that reduce at a few blocks, and how many tokens they keep there."""

import math
from collections.abc import Collection
from typing import Annotated, Self

from pydantic import Field, field_validator
from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families.base import Shape, TokenMethod
from prunarium.ops import Tokens, portion

Block = Annotated[int, Field(ge=0, strict=True)]
"""A block (vlm: a layer of the language model), counted from 0."""


def check_stages(blocks: Collection[int], depth: int) -> None:
    """Refuse blocks that the model does not have."""
    beyond = [block for block in blocks if not 0 <= block < depth]
    if beyond:
        raise PrunariumError(f"block {beyond[0]} does not exist: the model has blocks 0 to {depth - 1}")


def after_first(blocks: Collection[int], asked_for: bool) -> Collection[int]:
    """Blocks of a method that reads the attention of the block before: the first is left out.

    Raises:
        PrunariumError: the first was asked for.
    """
    if asked_for and 0 in blocks:
        raise PrunariumError("block 0: the scores are of the block before, and there is none; begin at block 1")
    return tuple(block for block in blocks if block > 0)


class StagedMethod(TokenMethod):
    """A method that keeps the same share of the tokens at each of a few blocks."""

    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.7, description="share of tokens kept at each stage"
    )
    blocks: tuple[Block, ...] | None = Field(
        None,
        min_length=1,
        description="blocks that reduce; default: at 1/4, 1/2 and 3/4 of the depth (vit, encoder), before the first "
        "layer (vlm)",
    )

    @field_validator("blocks")
    @classmethod
    def _each_once(cls, blocks: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if blocks and len(set(blocks)) < len(blocks):
            raise ValueError("names a block twice")
        return blocks

    def kept(self, tokens: Tokens, block: int) -> int:
        """How many tokens a stage keeps, besides the prefix."""
        return math.ceil(self.keep_rate * tokens.reducible)

    def kept_of_each(self, tokens: Tokens) -> int | Tensor:
        """The same, where samples may differ in length: of every sample, or of each ``[batch]``."""
        return portion(tokens.real, self.keep_rate)

    def acts_at(self, shape: Shape) -> Collection[int]:
        blocks = shape.stages if self.blocks is None else self.blocks
        check_stages(blocks, shape.depth)
        return blocks

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"keep_rate": max(amount, 1e-6)})


class CumulativeMethod(StagedMethod):
    """A staged method whose counts are shares of the tokens that entered the model: rate, rate squared, and so on.

    DynamicViT and those that follow its protocol count so: ``int(tokens * rate ** stage)``, stages from 1.
    """

    def fit(self, shape: Shape) -> Self:
        return self.model_copy(update={"blocks": tuple(sorted(self.acts_at(shape)))})

    def kept(self, tokens: Tokens, block: int) -> int:
        assert self.blocks is not None, "fit to a model first"
        stage = self.blocks.index(block) + 1
        original = tokens.original - tokens.prefix
        return min(max(1, int(original * self.keep_rate**stage)), tokens.reducible)
