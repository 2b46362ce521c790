"""A cache that knows what its entries are: a layer of transformers' dynamic cache after a method took some out."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import DynamicLayer

from prunarium.errors import PrunariumError
from prunarium.ops import Entries, rotated, unrotated

Rotary = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""A model's rotary embedding: cosines and sines, of the type of some tensor, for some positions."""


def forget(cache: Any) -> None:
    """Make the layers of an empty cache what they were before they held a prompt."""
    for index, layer in enumerate(cache.layers):
        if isinstance(layer, HeldLayer):
            cache.layers[index] = DynamicLayer()


def check_layers(cache: Any) -> None:
    """Refuse a cache that keeps keys in another way than as they are, or in another place."""
    if getattr(cache, "offloading", False):
        raise PrunariumError("use a plain dynamic cache: this one is offloaded, and methods read it where the model is")
    other = next((type(layer).__name__ for layer in cache.layers if type(layer) is not DynamicLayer), None)
    if other is not None:
        raise PrunariumError(f"use a plain dynamic cache: entries cannot be taken from a {other}")


class HeldLayer(DynamicLayer):  # type: ignore[misc, unused-ignore]
    """One layer of a cache. What is known of its entries goes with them, also when beams change places.

    Attributes:
        read: tokens of the prompt ``[batch, key heads]``.
        left: of them, those that an eviction left ``[batch, key heads]``.
        met: tokens of the prompt and words so far ``[batch, key heads]``.
        words: read after the prompt, padding included.
        position: of the next word, where a family wants to know ``[batch, 1]``.
    """

    def __init__(self, entries: Entries, read: Tensor, length: int) -> None:
        """
        Args:
            entries: of the prompt that are left.
            read: tokens of the prompt ``[batch, key heads]``.
            length: tokens of the prompt, padding included: the place of the next word.
        """
        super().__init__()
        self.lazy_initialization(entries.keys, entries.values)
        self.read, self.met, self.left = read, read, entries.lengths
        self.words, self._length = 0, length
        self.position: Tensor | None = None
        self.hold(entries)

    def hold(self, entries: Entries) -> None:
        """Hold these from now on."""
        self.keys, self.values = entries.keys, entries.values
        self.place, self.image, self.there, self.weight = entries.place, entries.image, entries.there, entries.weight
        self.memory, self.note = entries.memory, entries.note

    @property
    def length(self) -> int:
        """Tokens of the prompt, padding included."""
        return self._length

    @property
    def entries(self) -> Entries:
        """All that the layer holds."""
        return Entries(self.keys, self.values, self.place, self.image, self.there, self.weight, self.memory, self.note)

    @property
    def asked(self) -> Tensor:
        """The keys as attention saw them last ``[batch, key heads, entries, head dim]``."""
        return self.keys

    def expect(self, count: int, real: Tensor | None) -> None:
        """Note words that are about to be cached.

        Args:
            count: of words.
            real: which are no padding ``[batch, words]``; ``None`` when all are.
        """
        shape = (*self.place.shape[:2], count)
        start = self._length + self.words
        new = torch.arange(start, start + count, device=self.place.device).expand(shape)
        if self.there is not None or real is not None:
            old = self.entries.visible
            seen = old.new_ones(shape) if real is None else real.unsqueeze(1).expand(shape)
            self.there = torch.cat([old, seen], dim=2)
        self.place = torch.cat([self.place, new], dim=2)
        self.image = None if self.image is None else torch.cat([self.image, self.image.new_zeros(shape)], dim=2)
        self.weight = None if self.weight is None else torch.cat([self.weight, self.weight.new_zeros(shape)], dim=2)
        self.words += count
        self.met = self.met + (count if real is None else real.sum(dim=1, keepdim=True))

    def let_pass(self, count: int) -> None:
        """Note words that are not cached."""
        self.words += count

    def seen(self, count: int, heads: int) -> Tensor | None:
        """Which entries the last words see ``[batch, heads or 1, words, entries]``; ``None`` when one sees all.

        Args:
            count: of words.
            heads: of queries.
        """
        if count == 1 and self.there is None:
            return None
        entries = self.place.shape[2]
        before = torch.ones(count, entries, dtype=torch.bool, device=self.place.device).tril(entries - count)
        if self.there is None:
            return before.expand(len(self.place), 1, -1, -1)
        there = self.there.repeat_interleave(heads // self.there.shape[1], dim=1)
        return before & there.unsqueeze(2)

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        keys, values = super().update(key_states, value_states)
        if keys.shape[2] != self.place.shape[2]:
            raise PrunariumError(
                "a method took entries from this cache, and is no longer in the model; go on inside its 'with' block, "
                "or load a saved cache with plain=True"
            )
        return keys, values

    def reorder_cache(self, beam_idx: Tensor) -> None:
        super().reorder_cache(beam_idx)
        self._each(lambda part: part.index_select(0, beam_idx.to(part.device)))

    def batch_repeat_interleave(self, repeats: int) -> None:
        super().batch_repeat_interleave(repeats)
        self._each(lambda part: part.repeat_interleave(repeats, dim=0))

    def batch_select_indices(self, indices: Tensor) -> None:
        super().batch_select_indices(indices)
        self._each(lambda part: part[indices])

    def _each(self, change: Callable[[Tensor], Tensor]) -> None:
        """Change all that is known of the entries, sample by sample."""
        for name in ("place", "image", "there", "weight", "memory", "note", "read", "left", "met", "position"):
            part = getattr(self, name)
            setattr(self, name, None if part is None else change(part))


class SlotLayer(HeldLayer):
    """One whose keys are kept without rotary embedding, and turned to their place in the cache when they are asked.

    Entries that cannot be seen take no place.
    """

    def __init__(self, entries: Entries, read: Tensor, length: int, rotary: Rotary) -> None:
        """
        Args:
            entries: as in ``HeldLayer``, with keys that have no rotary embedding.
            read: as in ``HeldLayer``.
            length: as in ``HeldLayer``.
            rotary: of the model.
        """
        super().__init__(entries, read, length)
        self._rotary, self._turned = rotary, entries.keys

    @property
    def asked(self) -> Tensor:
        return self._turned

    def coming(self, count: int) -> Tensor:
        """The places of the words that are expected, the same in all heads ``[batch or 1, words]``."""
        return self._slots()[:, 0, -count:]

    def turning(self) -> tuple[Tensor, Tensor]:
        """Cosines and sines of the places ``[batch or 1, key heads or 1, entries, rotary dim]``."""
        return self._rotary(self.keys, self._slots())

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        slots = self._slots()
        cos, sin = self._rotary(key_states, slots)
        new = slice(-key_states.shape[2], None)
        plain = unrotated(key_states, cos[:, :, new], sin[:, :, new])
        keys, values = super().update(plain, value_states)
        self._turned = rotated(keys, cos, sin)
        return self._turned, values

    def _slots(self) -> Tensor:
        """Of every entry, those before it that can be seen ``[batch or 1, key heads or 1, entries]``."""
        if self.there is None:
            return torch.arange(self.place.shape[2], device=self.place.device).view(1, 1, -1)
        return (self.there.cumsum(dim=2) - 1).clamp(min=0)
