"""What a method may do with the part of a prompt that it compresses: read it, or anything else, with the model."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from prunarium.families.decoder.anatomy import Anatomy
from prunarium.families.decoder.low_rank import beside


@dataclass(frozen=True)
class Past:
    """What a language model has cached.

    Attributes:
        layers: keys and values of each layer, both ``[batch, key heads, entries, head dim]``.
        position: of the next token.
    """

    layers: tuple[tuple[Tensor, Tensor], ...]
    position: int

    @property
    def count(self) -> int:
        """Entries that each key head holds."""
        return self.layers[0][0].shape[2]

    def last(self, count: int) -> "Past":
        """The last entries alone; what comes next keeps its position."""
        return Past(tuple((keys[:, :, -count:], values[:, :, -count:]) for keys, values in self.layers), self.position)


class Context:
    """Prompts of one length, without their last tokens, which stay as they are, and without padding.

    Attributes:
        embeddings: of the tokens, without positions ``[batch, tokens, dim]``.
    """

    def __init__(self, embeddings: Tensor, reader: Any, anatomy: Anatomy) -> None:
        self.embeddings, self._reader, self._anatomy = embeddings, reader, anatomy

    @property
    def count(self) -> int:
        """Of tokens."""
        return self.embeddings.shape[1]

    def read(self, embeddings: Tensor) -> tuple[Tensor, Past]:
        """Have the model read something from position 0 on.

        Args:
            embeddings: of what it reads ``[batch, tokens, dim]``.

        Returns:
            hidden states that leave the last layer, after its normalisation ``[batch, tokens, dim]``, and the cache.
        """
        from transformers import DynamicCache

        batch, count, _ = embeddings.shape
        positions = torch.arange(count, device=embeddings.device).expand(batch, -1)
        # not through its hooks: this is no prompt
        output = self._reader.forward(
            inputs_embeds=embeddings, position_ids=positions, past_key_values=DynamicCache(), use_cache=True
        )
        layers = tuple((layer.keys, layer.values) for layer in output.past_key_values.layers)
        return output.last_hidden_state, Past(layers, count)

    def whole(self) -> Past:
        """The tokens as they are."""
        return self.read(self.embeddings)[1]

    def adapted(self, adapters: Iterable[nn.Module]) -> AbstractContextManager[None]:
        """As long as it is entered, adapters stand beside projections of the attention.

        Args:
            adapters: of each layer, as children named as the projections are.
        """
        attentions = [getattr(layer, self._anatomy.attention) for layer in self._reader.layers]
        return beside(attentions, adapters)
