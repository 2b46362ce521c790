"""Methods that let the language model gather an image in learned tokens."""

import torch
from pydantic import Field
from torch import Tensor, nn

from prunarium.families.base import Shape
from prunarium.families.vlm.learned import LearnedVlmMethod
from prunarium.families.vlm.tower import Layout
from prunarium.ops import Tokens, append

SPREAD = 0.02
"""Of what an untrained token is: next to nothing, so that it soon is what the layers write into it."""
MOST = 64
"""Tokens that the parts hold where a model does not say how many patches an image has."""


class RegisterMethod(LearnedVlmMethod):
    """A method that puts learned tokens behind each image: registers, in which the layers gather what they see of it.

    Its parts hold one for each patch of a tile, and a setting uses the first so many: one file of parts serves every
    number.
    """

    number: int = Field(
        8, ge=0, strict=True, description="learned tokens behind each image; 0: none, it stays as it is"
    )

    def most(self, shape: Shape) -> int:
        """How many tokens the parts hold."""
        rows, columns = shape.grid
        return max(self.number, rows * columns or MOST)

    def parts(self, shape: Shape) -> nn.ParameterDict:
        return nn.ParameterDict({"tokens": torch.randn(self.most(shape), shape.dim) * SPREAD})

    def project(self, tokens: Tokens, layout: Layout) -> Tokens:
        if not self.number:
            return tokens
        learned: Tensor = self.learned.get_parameter("tokens")[: self.number]
        return append(tokens, learned.to(tokens.x.dtype).expand(len(tokens.x), -1, -1))
