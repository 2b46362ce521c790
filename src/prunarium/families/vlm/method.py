"""What a method of the family is."""

from collections.abc import Collection, Sequence
from typing import ClassVar

from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families.base import Attention, Shape, TokenMethod
from prunarium.ops import Entries, Tokens
from prunarium.records import Family


class VlmMethod(TokenMethod):
    """A method for vision-language models. It writes one of these functions, or several:

    - ``encode``: reduces what leaves the vision tower, before the projector;
    - ``project``: reduces what leaves the projector;
    - ``reduce``: reduces the image tokens before a layer of the language model;
    - ``weigh`` and ``evict``: take entries from the key-value cache once the prompt has been read; and ``trim``: after
      every new word.

    Attributes:
        hides: whether the text behind an image sees of it only the tokens that the method added (``needs`` then names
            ``added``); where it added none, text sees all.
    """

    families: ClassVar[tuple[Family, ...]] = ("vlm",)
    hides: ClassVar[bool] = False

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        return tokens

    def weigh(self, attention: Attention, layer: int) -> Tensor:
        """How much each cached token of a layer matters, told by the attention of that layer itself.

        Returns:
            numbers of every head, such as one for each token ``[batch, heads or 1, ...]``; ``evict`` gets the mean of
            the heads that share keys ``[batch, key heads or 1, ...]``.
        """
        raise PrunariumError(f"{type(self).__name__} writes 'evict' and not 'weigh', which says what matters")

    def evict(self, cache: Sequence[Entries], weights: Sequence[Tensor]) -> list[Entries]:
        """What is left of the cache once the last layer has read the prompt.

        Args:
            cache: of every layer.
            weights: what ``weigh`` gave for it.
        """
        return list(cache)

    def trim(self, entries: Entries, share: Tensor, read: Tensor) -> Entries:
        """What is left of the cache of one layer after a new word, of a prompt from which ``evict`` took.

        It goes by places and numbers alone: the beams of a sample, which have other contents, hold the same places.

        Args:
            entries: of the prompt and of the words so far; ``place`` counts on from the prompt.
            share: of the prompt's tokens that ``evict`` left in this layer ``[batch, key heads]``.
            read: tokens of the prompt and words so far ``[batch, key heads]``.
        """
        return entries

    @property
    def evicts(self) -> bool:
        """Whether the method writes ``evict``."""
        return type(self).evict is not VlmMethod.evict

    @property
    def trims(self) -> bool:
        """Whether the method writes ``trim``."""
        return type(self).trim is not VlmMethod.trim

    def acts_at(self, shape: Shape) -> Collection[int]:
        return () if type(self).reduce is VlmMethod.reduce else range(shape.depth)
