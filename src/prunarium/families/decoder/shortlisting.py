"""Words that are chosen from a shortlist, made at an early layer, and may be clear before the last layer."""

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from prunarium.families.decoder.selecting import Enough
from prunarium.families.handle import Handle

if TYPE_CHECKING:
    from prunarium.families.decoder.method import DecoderMethod
    from prunarium.families.decoder.reading import Reading


class Shortlisting:
    """One forward pass of a model.

    Attributes:
        index: numbers of the tokens on the shortlist ``[batch, tokens that have logits, words]``; ``None`` for all.
        clear: samples whose word is clear ``[batch]``; ``None`` where none is asked.
    """

    def __init__(self, reading: "Reading", model: Any, first: int) -> None:
        """
        Args:
            reading: what the model reads.
            model: a causal language model.
            first: the layer at which the shortlist is made, counted from 0.
        """
        self.reading, self.model, self.first = reading, model, first
        self.head: nn.Linear = model.get_output_embeddings()
        self.index: Tensor | None = None
        self.clear: Tensor | None = None
        self._kept: Any = 0

    @property
    def method(self) -> "DecoderMethod":
        """The method, which makes a shortlist."""
        assert self.reading.method is not None
        return self.reading.method

    def attach(self, handle: Handle) -> None:
        """Put it between the layers, and before the head."""
        layers = self.reading.reader.layers
        handle.hook(self.model.register_forward_pre_hook(self.begin, with_kwargs=True))
        handle.hook(layers[self.first].register_forward_hook(self.look))
        for number in range(self.first + 1, len(layers)):
            handle.patch(layers[number], "forward", partial(self.go_on, layers[number], number))
        handle.patch(self.head, "forward", self.say)

    def begin(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Note of which tokens logits are wanted (a forward pre-hook)."""
        self._kept = kwargs.get("logits_to_keep", 0)
        self.index = self.clear = None

    def look(self, module: nn.Module, args: tuple[Any, ...], output: Tensor) -> None:
        """Make the shortlist (a forward hook)."""
        wanted = slice(-self._kept, None) if isinstance(self._kept, int) else self._kept
        with self.reading.handle.watch():
            hidden = self.reading.anatomy.finished(self.reading.reader, output[:, wanted])
            logits = nn.functional.linear(hidden, self.head.weight, self.head.bias)
            self.index = self.method.shortlist(logits)
            if self._asked(output, self.first):
                said = logits if self.index is None else logits.gather(-1, self.index)
                self.clear = self.method.confident(said[:, -1])

    def go_on(self, layer: Any, number: int, hidden: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """A layer, where a word is not clear yet; else it only caches what is known of the word (a forward pass)."""
        if self.clear is not None and bool(self.clear.all()):
            name = self.reading.anatomy.cache
            with suppress(Enough):
                type(layer).forward(layer, hidden, *args, **{**kwargs, name: CachedOnly(kwargs[name])})
            return hidden
        output: Tensor = type(layer).forward(layer, hidden, *args, **kwargs)
        if self.clear is not None:
            output = hidden.where(self.clear[:, None, None], output)
        if self._asked(output, number):
            with self.reading.handle.watch():
                said = self._said(self.reading.anatomy.finished(self.reading.reader, output))
                clear = self.method.confident(said[:, -1])
            self.clear = clear if self.clear is None else self.clear | clear
        return output

    def _asked(self, output: Tensor, number: int) -> bool:
        """Whether a word may be clear behind a layer."""
        return not self.reading.prompt and output.shape[1] == 1 and number < len(self.reading.layers) - 1

    def _said(self, hidden: Tensor) -> Tensor:
        """Logits of the tokens on the shortlist ``[batch, tokens, words]``."""
        weight, bias, index = self.head.weight, self.head.bias, self.index
        if index is None:
            return nn.functional.linear(hidden, weight, bias)
        if hidden.shape[1] > 1:  # rows for every token of a prompt would take more room than all logits
            return nn.functional.linear(hidden, weight, bias).gather(-1, index)
        said = (weight[index] @ hidden.unsqueeze(-1)).squeeze(-1)
        return said if bias is None else said + bias[index]

    def say(self, hidden: Tensor) -> Tensor:
        """The head: logits of the tokens on the shortlist, for the others the lowest number that there is
        ``[batch, tokens, vocabulary]``."""
        said, index, self.index = self._said(hidden), self.index, None
        if index is None:
            return said
        lowest = torch.finfo(said.dtype).min  # not infinite: losses stay numbers
        return said.new_full((*said.shape[:-1], self.head.out_features), lowest).scatter(-1, index, said)


class CachedOnly:
    """A cache that takes keys and values, and ends the layer that gave them."""

    def __init__(self, cache: Any) -> None:
        self._cache = cache

    def update(self, *args: Any, **kwargs: Any) -> Any:
        """Cache, and stop.

        Raises:
            Enough: always.
        """
        self._cache.update(*args, **kwargs)
        raise Enough
