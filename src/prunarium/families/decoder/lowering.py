"""Attention to entries that earlier tokens have marked down: the mask of a layer, filled once its keys are known."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor

from prunarium.families.base import Attention
from prunarium.families.caching.rows import offers

if TYPE_CHECKING:
    from prunarium.families.caching.held import HeldLayer
    from prunarium.families.decoder.reading import ReadingLayer


class Lowering:
    """What is taken from the logits of one layer, for the tokens that are read now.

    Attributes:
        weight: of every entry, what all tokens have marked it down by, these included; known once the layer has cached
            its keys ``[batch, 1, entries]``.
        note: what the method has noted of every entry ``[batch, 1, entries, width]``; ``None`` for nothing.
    """

    def __init__(
        self, layer: "ReadingLayer", hidden: Tensor, before: Tensor | None, there: Tensor, seen: Tensor
    ) -> None:
        """
        Args:
            layer: of the decoder.
            hidden: what enters its attention ``[batch, tokens, dim]``.
            before: what the entries were marked down by so far ``[batch, entries]``; ``None`` by nothing.
            there: which entries can be seen ``[batch, entries]``.
            seen: by which tokens ``[batch or 1, 1, tokens, entries]``.
        """
        self.layer, self.there = layer, there
        self._before, self._seen = before, seen
        shape = (len(hidden), 1, hidden.shape[1], there.shape[1])
        self._mask = torch.zeros(shape, dtype=hidden.dtype, device=hidden.device)
        self.weight, self._hidden = self._mask, hidden
        with layer.reading.handle.watch():
            new = layer.method.note(hidden, layer.index)
        self.note = None if new is None else new.unsqueeze(1)

    @classmethod
    def of_prompt(cls, layer: "ReadingLayer", hidden: Tensor) -> Self:
        """Of a prompt's tokens, to each of those before it."""
        (batch, count, _), real = hidden.shape, layer.reading.real
        there = torch.ones(batch, count, dtype=torch.bool, device=hidden.device) if real is None else real
        before = torch.ones(count, count, dtype=torch.bool, device=hidden.device).tril()
        return cls(layer, hidden, None, there, before & there[:, None, None, :])

    @classmethod
    def of_words(cls, layer: "ReadingLayer", hidden: Tensor, held: "HeldLayer", seen: Tensor | None) -> Self:
        """Of words, to what the layer holds, which is the same in all heads."""
        entries = held.entries
        there = entries.visible[:, 0]
        seen = there[:, None, None, :].expand(-1, 1, hidden.shape[1], -1) if seen is None else seen[:, :1]
        lowering = cls(layer, hidden, entries.known_weight[:, 0], there, seen)
        if lowering.note is not None and entries.note is not None:
            lowering.note = torch.cat([entries.note, lowering.note], dim=2)
        return lowering

    def into(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments of the attention, with a mask that is filled when it caches its keys."""
        cache = self.layer.reading.anatomy.cache
        return {**kwargs, "attention_mask": self._mask, cache: Watched(kwargs[cache], self._fill)}

    def _fill(self, keys: Tensor) -> None:
        """Ask the method, and fill the mask.

        Args:
            keys: all that the layer holds ``[batch, key heads, entries, head dim]``.
        """
        method, reading = self.layer.method, self.layer.reading
        with reading.handle.watch():
            marked = method.mark_down(self._attention(keys), self.there, self.layer.index)
        total = marked.cumsum(dim=1)
        if self._before is not None:
            total = total + self._before.unsqueeze(1)
        self.weight = total[:, -1:]
        if not method.at_once:
            before = torch.zeros_like(total[:, :1]) if self._before is None else self._before.unsqueeze(1)
            total = torch.cat([before, total[:, :-1]], dim=1)
        lowest = torch.finfo(self._mask.dtype).min
        self._mask.copy_((-total).unsqueeze(1).clamp(min=lowest).masked_fill(~self._seen, lowest))
        if reading.reader.training:
            memory = reading.handle.memory
            attended = (-total)[self._seen[:, 0].expand_as(total)].exp().mean()
            reading.handle.memory = {**memory, "attended": (*memory.get("attended", ()), attended)}

    def _attention(self, keys: Tensor) -> Attention:
        """What the method may read."""
        layer = self.layer
        there = self.there.unsqueeze(1).expand(-1, keys.shape[1], -1)
        offered = offers(lambda: layer.rows(keys, there), layer.method.observed)
        offered["hidden"] = lambda: self._hidden
        if self.note is not None:
            notes = self.note[:, 0]
            offered["notes"] = lambda: notes
        return Attention(layer.method.needs, offered)


class Watched:
    """A cache that tells which keys a layer holds, as soon as it has them."""

    def __init__(self, cache: Any, told: Callable[[Tensor], None]) -> None:
        self._cache, self._told = cache, told

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)

    def update(self, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """What the cache gives."""
        keys, values = self._cache.update(*args, **kwargs)
        self._told(keys)
        return keys, values
