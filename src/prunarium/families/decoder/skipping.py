"""Layers that work on some tokens, and cache those alone; the others pass them by."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from prunarium.families.caching.masks import as_mask
from prunarium.families.decoder.routing import placed
from prunarium.families.handle import Handle
from prunarium.ops import gather
from prunarium.ops.entries import packed_to_the_end

if TYPE_CHECKING:
    from prunarium.families.decoder.reading import ReadingLayer


@dataclass(frozen=True)
class WorksOn:
    """The tokens that a layer works on.

    Attributes:
        chosen: which ``[batch, tokens]``.
        index: their numbers, ascending, behind those of tokens that fill up ``[batch, most chosen]``.
        meant: which of the numbers do not fill up ``[batch, most chosen]``.
    """

    chosen: Tensor
    index: Tensor
    meant: Tensor


class SkippingLayer:
    """One layer of a decoder, and its attention."""

    def __init__(self, layer: Any, inner: "ReadingLayer") -> None:
        self.layer, self.inner, self.reading = layer, inner, inner.reading

    def attach(self, handle: Handle) -> None:
        """Put it in the layer's place."""
        handle.patch(self.layer, "forward", self.forward)

    def forward(self, hidden: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """The layer, of the tokens that it works on."""
        chosen = self._chosen(hidden)
        if chosen is None:
            output: Tensor = type(self.layer).forward(self.layer, hidden, *args, **kwargs)
            return output
        if not bool(chosen.any()):  # words: of a prompt, something is
            kwargs[self.reading.anatomy.cache].layers[self.inner.index].let_pass(hidden.shape[1])
            return hidden
        self.inner.works_on = WorksOn(chosen, *packed_to_the_end(chosen))
        try:
            through = self._prompt if self.reading.prompt else self._words
            return through(hidden, self.inner.works_on, args, kwargs)
        finally:
            self.inner.works_on = None

    def _chosen(self, hidden: Tensor) -> Tensor | None:
        """Which tokens the method chooses, noted for a loss where the model is trained."""
        reading, method, number = self.reading, self.inner.method, self.inner.index
        there = reading.real
        if there is None:
            there = torch.ones(hidden.shape[:2], dtype=torch.bool, device=hidden.device)
        with reading.handle.watch():
            chosen = method.choose(hidden, there, number, reading.prompt)
        if chosen is None:
            return None
        chosen = chosen & there
        if reading.prompt and reading.reader.training:
            memory = reading.handle.memory
            choices = (*memory.get("choices", ()), (number, hidden.detach(), chosen, there))
            reading.handle.memory = {**memory, "choices": choices}
        return chosen

    def _prompt(self, hidden: Tensor, works: WorksOn, args: Any, kwargs: dict[str, Any]) -> Tensor:
        """The layer works on the chosen tokens of a prompt, as if there were no others."""
        index, meant = works.index, works.meant.unsqueeze(-1)
        entered = gather(hidden, index)
        kwargs = {**placed(kwargs, index), "attention_mask": self._mask(works, hidden.dtype)}
        output = type(self.layer).forward(self.layer, entered, *args, **kwargs)
        output = self._blend(entered, output).where(meant, entered)
        return hidden.scatter(1, index.unsqueeze(-1).expand_as(output), output)

    def _words(self, hidden: Tensor, works: WorksOn, args: Any, kwargs: dict[str, Any]) -> Tensor:
        """The layer works on words as if those that it does not work on were padding."""
        output = type(self.layer).forward(self.layer, hidden, *args, **kwargs)
        return self._blend(hidden, output).where(works.chosen.unsqueeze(-1), hidden)

    def _blend(self, entered: Tensor, output: Tensor) -> Tensor:
        """What the method makes of what the layer gave."""
        with self.reading.handle.watch():
            return self.inner.method.blend(entered, output, self.inner.index)

    def _mask(self, works: WorksOn, dtype: torch.dtype) -> Tensor | None:
        """Which of the tokens see which; ``None`` where each sees those before it."""
        if bool(works.meant.all()):
            return None
        count = works.index.shape[1]
        before = torch.ones(count, count, dtype=torch.bool, device=works.index.device).tril()
        seen = before & works.meant.unsqueeze(1)
        seen = seen | ~seen.any(dim=2, keepdim=True)  # what fills up sees something, so that it is a number
        config = self.reading.config
        return as_mask(seen.unsqueeze(1).expand(-1, config.num_attention_heads, -1, -1), config, dtype)
