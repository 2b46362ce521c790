"""A cache in which tokens may still wait for a layer to work on them: a layer of transformers' dynamic cache."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers.cache_utils import DynamicLayer

from prunarium.ops import gather


class DeferredLayer(DynamicLayer):  # type: ignore[misc, unused-ignore]
    """One layer. It has room for every token, and keys and values of those that it has worked on.

    Attributes:
        known: those tokens ``[batch, tokens]``.
        asked: keys of the tokens that the last ones saw ``[batch, key heads, seen, head dim]``.
        waiting: what is known of all tokens, in the first layer; ``None`` in the others.
    """

    def __init__(self, waiting: "Waiting | None" = None) -> None:
        """
        Args:
            waiting: of the first layer.
        """
        super().__init__()
        self.waiting = waiting
        self.known: Tensor | None = None
        self.asked: Tensor | None = None
        self._index: Tensor | None = None
        self._meant: Tensor | None = None
        self._seen: Tensor | None = None

    def lacks(self, wanted: Tensor) -> Tensor:
        """Which of the tokens the layer has not worked on yet ``[batch, tokens]``."""
        if self.known is None:
            self.known = torch.zeros_like(wanted)
        self.known = nn.functional.pad(self.known, (0, wanted.shape[1] - self.known.shape[1]))
        return wanted & ~self.known

    def expect(self, index: Tensor, meant: Tensor, seen: Tensor) -> None:
        """Note what comes.

        Args:
            index: of tokens whose keys and values are about to be cached ``[batch, new]``.
            meant: which of them are meant; the others fill up ``[batch, new]``.
            seen: of tokens that these see ``[batch, seen]``.
        """
        assert self.known is not None, "ask what it lacks first"
        self._index, self._meant, self._seen = index, meant, seen
        self.known = self.known.scatter(1, index, meant | self.known.gather(1, index))

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        assert self.known is not None and self._seen is not None
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self.keys = key_states.new_zeros(*key_states.shape[:2], 0, key_states.shape[-1])
            self.values = value_states.new_zeros(*value_states.shape[:2], 0, value_states.shape[-1])
        self.keys, self.values = self._put(self.keys, key_states), self._put(self.values, value_states)
        self.asked = self.keys.gather(2, _wide(self._seen, self.keys))
        return self.asked, self.values.gather(2, _wide(self._seen, self.values))

    def _put(self, old: Tensor, new: Tensor) -> Tensor:
        """All keys, or values, with new ones at their places."""
        assert self.known is not None and self._index is not None and self._meant is not None
        old = nn.functional.pad(old, (0, 0, 0, self.known.shape[1] - old.shape[2]))
        index = _wide(self._index, old)
        return old.scatter(2, index, new.where(self._meant[:, None, :, None], old.gather(2, index)))

    def reorder_cache(self, beam_idx: Tensor) -> None:
        super().reorder_cache(beam_idx)
        self._send(beam_idx)

    def batch_repeat_interleave(self, repeats: int) -> None:
        super().batch_repeat_interleave(repeats)
        if self.known is not None:
            self._send(torch.arange(len(self.known), device=self.known.device).repeat_interleave(repeats))

    def batch_select_indices(self, indices: Tensor) -> None:
        super().batch_select_indices(indices)
        self._send(indices)

    def _send(self, index: Tensor) -> None:
        """Send what is known of the samples where they go."""
        self.known = None if self.known is None else self.known[index.to(self.known.device)]
        if self.waiting is not None:
            self.waiting.send(index)


class Waiting:
    """What is known of all tokens of a text so far.

    Attributes:
        there: which are no padding ``[batch, tokens]``.
        position: of each ``[batch, tokens]``.
        next: position of the next word ``[batch, 1]``.
        hidden: of each, what left the last layer that worked on it ``[batch, tokens, dim]``.
    """

    def __init__(self, there: Tensor, position: Tensor, following: Tensor) -> None:
        """
        Args:
            there: of a prompt.
            position: of its tokens.
            following: of the first word after it.
        """
        self.there, self.position, self.next = there, position, following
        self.hidden: Tensor | None = None

    def extend(self, real: Tensor) -> Tensor:
        """Note new words, and give their positions ``[batch, words]``.

        Args:
            real: which are no padding ``[batch, words]``.
        """
        position = self.next + torch.arange(real.shape[1], device=real.device)
        self.there = torch.cat([self.there, real], dim=1)
        self.position = torch.cat([self.position, position], dim=1)
        self.next = self.next + real.shape[1]
        return position

    def enter(self, hidden: Tensor) -> None:
        """Take down what the first layer is about to read ``[batch, new tokens, dim]``."""
        self.hidden = hidden if self.hidden is None else torch.cat([self.hidden, hidden], dim=1)

    def take(self, index: Tensor) -> Tensor:
        """Hidden states of some tokens ``[batch, new, dim]``."""
        assert self.hidden is not None
        return gather(self.hidden, index)

    def put(self, index: Tensor, meant: Tensor, hidden: Tensor) -> None:
        """Take down what a layer made of some tokens, those that are meant."""
        assert self.hidden is not None
        hidden = hidden.where(meant.unsqueeze(-1), self.take(index))
        self.hidden = self.hidden.scatter(1, index.unsqueeze(-1).expand_as(hidden), hidden)

    def send(self, index: Tensor) -> None:
        """Send the samples where they go."""
        index = index.to(self.there.device)
        self.there, self.position, self.next = self.there[index], self.position[index], self.next[index]
        self.hidden = None if self.hidden is None else self.hidden[index]


def _wide(index: Tensor, x: Tensor) -> Tensor:
    """Numbers of tokens, for every head and number of a head."""
    return index[:, None, :, None].expand(-1, x.shape[1], -1, x.shape[-1])
