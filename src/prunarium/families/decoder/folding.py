"""Reading a prompt in two parts: what a method made of the first stands in the cache when the model reads the last."""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from prunarium.errors import PrunariumError
from prunarium.families.decoder.context import Context, Past

if TYPE_CHECKING:
    from prunarium.families.decoder.reading import Reading, ReadingLayer


class Folding:
    """A prompt that the model goes on reading behind what a method has made of most of it.

    Samples of one length are compressed together, so that none of them sees padding.

    Attributes:
        looking: whether what the layers read now is the method's affair.
        whole: tokens of the prompt.
        share: of them, as many as the cache holds in the end, the mean over samples.
        read_last: of them, those that stay as they are.
    """

    def __init__(self, reading: "Reading") -> None:
        self.reading, self.whole = reading, reading.count
        assert reading.method is not None
        self.read_last = reading.method.spared
        self.looking, self.share = False, 1.0

    def look(self, layer: "ReadingLayer", cached: Any) -> None:
        """Nothing: the method sees what it reads."""

    def read(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The model's arguments for the last tokens of a prompt, and a cache that holds what stands for the others.

        Raises:
            PrunariumError: there are no others, or the model's tokens have another width than its layers.
        """
        reading, method = self.reading, self.reading.method
        assert method is not None
        tokens = kwargs.get("input_ids") if kwargs.get("inputs_embeds") is None else kwargs["inputs_embeds"]
        assert tokens is not None
        real = reading.real
        if real is None:
            real = torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
        lengths, spared = real.sum(dim=1), method.spared
        if int(lengths.min()) <= spared:
            raise PrunariumError(
                f"{method!r} leaves the last {spared} tokens of a prompt as they are, and a prompt has "
                f"{int(lengths.min())}: nothing is left to compress; raise the length or let fewer stay"
            )
        order = real.to(torch.int8).argsort(dim=1, stable=True)  # padding first
        tokens = tokens[torch.arange(len(order), device=order.device).unsqueeze(1), order]
        pasts = self._compressed(tokens[:, : self.whole - spared], lengths - spared)
        there, start = self._fill(kwargs, pasts)
        mask = torch.cat([there, there.new_ones(len(there), spared)], dim=1)
        self.share = (mask.sum(dim=1) / lengths.double()).mean().item()
        return {
            **kwargs,
            "input_ids" if tokens.ndim == 2 else "inputs_embeds": tokens[:, -spared:],
            "attention_mask": mask.long(),
            "position_ids": start.unsqueeze(1) + torch.arange(spared, device=start.device),
        }

    def _compressed(self, tokens: Tensor, lengths: Tensor) -> list[tuple[Tensor, Past]]:
        """What the method makes of all samples, and which they are.

        Args:
            tokens: ids or embeddings, padding first ``[batch, tokens, ...]``.
            lengths: without padding ``[batch]``.
        """
        reading, method = self.reading, self.reading.method
        assert method is not None
        embedded = reading.reader.get_input_embeddings()(tokens) if tokens.ndim == 2 else tokens
        if embedded.shape[2] != reading.config.hidden_size:
            raise PrunariumError(
                f"{method!r} puts hidden states in the place of tokens, and this model has tokens of width "
                f"{embedded.shape[2]} and layers of width {reading.config.hidden_size}"
            )
        found, self.looking = [], True
        try:
            for length in lengths.unique().tolist():
                rows = (lengths == length).nonzero()[:, 0]
                context = Context(embedded[rows, -length:], reading.reader, reading.anatomy)
                with reading.handle.watch():
                    found.append((rows, method.compress(context)))
        finally:
            self.looking = False
        return found

    def _fill(self, kwargs: dict[str, Any], pasts: list[tuple[Tensor, Past]]) -> tuple[Tensor, Tensor]:
        """Put all samples into one cache, padded on the left.

        Returns:
            which of its entries are meant ``[batch, entries]``, and the position behind them ``[batch]``.
        """
        from transformers import DynamicCache

        if kwargs.get("past_key_values") is None:
            kwargs["past_key_values"] = DynamicCache(config=self.reading.config)
        most = max(past.count for _, past in pasts)
        back = torch.cat([rows for rows, _ in pasts]).argsort()
        for index in range(len(self.reading.layers)):
            parts = zip(*(past.layers[index] for _, past in pasts), strict=True)
            keys, values = (
                torch.cat([pad(part, (0, 0, most - part.shape[2], 0)) for part in some])[back] for some in parts
            )
            kwargs["past_key_values"].update(keys, values, index)
        counts = torch.cat([torch.full_like(rows, past.count) for rows, past in pasts])[back]
        starts = torch.cat([torch.full_like(rows, past.position) for rows, past in pasts])[back]
        return torch.arange(most, device=back.device) >= (most - counts).unsqueeze(1), starts
