"""What a method of the family is."""

from collections.abc import Collection
from typing import ClassVar

from prunarium.families.base import Attention, Shape, TokenMethod
from prunarium.ops import Tokens
from prunarium.records import Family


class VlmMethod(TokenMethod):
    """A method for vision-language models. It writes one of these functions, or several:

    - ``encode``: reduces what leaves the vision tower, before the projector;
    - ``project``: reduces what leaves the projector;
    - ``reduce``: reduces the image tokens before a layer of the language model.
    """

    families: ClassVar[tuple[Family, ...]] = ("vlm",)

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        return tokens

    def acts_at(self, shape: Shape) -> Collection[int]:
        return () if type(self).reduce is VlmMethod.reduce else range(shape.depth)
