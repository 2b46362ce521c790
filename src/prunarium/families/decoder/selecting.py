"""Reading only some tokens of a prompt: the first layers see all of it, and tell which."""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from prunarium.families.base import Attention
from prunarium.families.caching.rows import Rows, offers
from prunarium.ops.entries import packed_to_the_end

if TYPE_CHECKING:
    from prunarium.families.decoder.reading import Reading, ReadingLayer


class Enough(Exception):  # noqa: N818 - no error: it ends a forward pass early
    """A layer has told what it was asked for; the layers behind it need not run."""


class Selection:
    """The tokens of a prompt that the model reads.

    Attributes:
        looking: whether the first layers see the whole prompt now.
        whole: tokens of the prompt.
        share: of them, those that the model reads, the mean over samples.
        read_last: tokens that the model works on when it reads what is left; ``None`` for all that it then caches.
    """

    read_last: int | None = None

    def __init__(self, reading: "Reading", layer: int) -> None:
        self.reading, self.layer = reading, layer
        self.looking, self.whole, self.share = False, reading.count, 1.0
        self.rows: Rows | None = None

    def read(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The model's arguments for the tokens that the method selects, which are counted anew from 0."""
        wanted = self._wanted(kwargs)
        index, meant = packed_to_the_end(wanted)
        positions = (meant.cumsum(dim=1) - 1).clamp(min=0)
        fewer = {**kwargs, "attention_mask": meant.long(), "position_ids": positions}
        for name in ("input_ids", "inputs_embeds"):
            tokens = kwargs.get(name)
            if tokens is not None:
                fewer[name] = tokens[torch.arange(len(index), device=index.device).unsqueeze(1), index]
        return fewer

    def look(self, layer: "ReadingLayer", cached: Any) -> None:
        """Take down what the layer asked, if it is the one; the layers behind it are not run."""
        if layer.index == self.layer:
            real = self.reading.real
            self.rows = layer.rows(cached.keys, None if real is None else real.unsqueeze(1))
            raise Enough

    def _wanted(self, kwargs: dict[str, Any]) -> Tensor:
        """Which tokens of the prompt the method selects ``[batch, tokens]``."""
        from transformers import DynamicCache

        reading, method = self.reading, self.reading.method
        assert method is not None
        self.looking = True
        with reading.handle.watch():
            try:
                reading.reader.forward(**{**kwargs, "past_key_values": DynamicCache(), "use_cache": True})
            except Enough:
                pass
            finally:
                self.looking = False
            rows = self.rows
            assert rows is not None
            there = reading.real
            if there is None:
                there = torch.ones(len(rows.keys), self.whole, dtype=torch.bool, device=rows.keys.device)
            wanted = method.select(Attention(method.needs, offers(lambda: rows, method.observed)), there) & there
        self.rows = None
        self.share = (wanted.sum(dim=1) / there.sum(dim=1).double()).mean().item()
        return wanted
