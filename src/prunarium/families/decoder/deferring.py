"""Layers that work only on the tokens that the next word needs, and on the others when a later word needs them."""

from typing import Any

import torch
from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families.base import Attention
from prunarium.families.caching.deferred import DeferredLayer, Waiting
from prunarium.families.caching.held import check_layers
from prunarium.families.caching.masks import as_mask
from prunarium.families.caching.refusals import about_to_read, no_labels, real_tokens, whole_prompts_only
from prunarium.families.caching.rows import Rows, offers
from prunarium.families.decoder.anatomy import Anatomy
from prunarium.families.decoder.method import DecoderMethod
from prunarium.families.handle import BlockRecord, Handle
from prunarium.ops import rotated
from prunarium.ops.entries import packed_to_the_end


class Deferring:
    """What is read now, a prompt or words after it.

    Attributes:
        active: which of all tokens so far the next layer sees ``[batch, tokens]``.
        waiting: what is known of them.
        prompt: whether it is a prompt.
    """

    def __init__(self, handle: Handle, method: DecoderMethod, model: Any, anatomy: Anatomy) -> None:
        self.handle, self.method, self.model, self.anatomy = handle, method, model, anatomy
        self.reader, self.config = anatomy.reader(model), model.config
        self.active: Any = None
        self.waiting: Any = None
        self.prompt = False

    def attach(self) -> None:
        """Hook on to the model."""
        handle = self.handle
        handle.hook(self.reader.register_forward_pre_hook(self.begin, with_kwargs=True))
        handle.hook(self.model.register_forward_pre_hook(no_labels, with_kwargs=True))
        handle.patch(self.model, "generate", whole_prompts_only(self.model, self.method.beams))
        for index, layer in enumerate(self.reader.layers):
            DeferringLayer(layer, index, self).attach(handle)

    def begin(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Look at what comes before the model reads it (a forward pre-hook)."""
        tokens, kwargs = about_to_read(args, kwargs)
        cache, mask = kwargs.get("past_key_values"), kwargs.get("attention_mask")
        if isinstance(mask, Tensor) and mask.ndim != 2:
            raise PrunariumError("pass an attention_mask [batch, tokens]: layers see fewer tokens")
        if kwargs.get("use_cache") is False:
            raise PrunariumError(f"{self.method!r} works on the cache; do not pass use_cache=False")
        self.prompt = cache is None or cache.get_seq_length() == 0
        kwargs = {**kwargs, "use_cache": True}
        return (), (self._start(tokens, kwargs, cache) if self.prompt else self._go_on(tokens, kwargs, cache))

    def _start(self, tokens: Tensor, kwargs: dict[str, Any], cache: Any) -> dict[str, Any]:
        from transformers import DynamicCache

        batch, count = tokens.shape[:2]
        real, ids = real_tokens(kwargs.get("attention_mask")), kwargs.get("position_ids")
        there = torch.ones(batch, count, dtype=torch.bool, device=tokens.device) if real is None else real
        position = torch.arange(count, device=tokens.device).view(1, -1) if ids is None else ids
        if ids is None and not self.anatomy.rotary:  # learned positions do not count padding
            position = there.long().cumsum(dim=1) - 1
        position = position.expand(batch, -1)
        if cache is None:
            cache = DynamicCache(config=self.config)
        elif not all(isinstance(layer, DeferredLayer) for layer in cache.layers):
            check_layers(cache)
        self.handle.begin(batch)
        self.waiting, self.active = Waiting(there, position, position[:, -1:] + 1), there
        cache.layers[:] = [DeferredLayer(None if index else self.waiting) for index in range(len(self.reader.layers))]
        return {**kwargs, "past_key_values": cache}

    def _go_on(self, tokens: Tensor, kwargs: dict[str, Any], cache: Any) -> dict[str, Any]:
        if not all(isinstance(layer, DeferredLayer) for layer in cache.layers):
            raise PrunariumError("this cache was filled without the method; let it read the whole prompt")
        count, mask = tokens.shape[1], kwargs.get("attention_mask")
        real = torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
        real = real if mask is None else mask[:, -count:].bool()
        self.waiting = cache.layers[0].waiting
        position = self.waiting.extend(real)
        self.active = self.waiting.there
        return {**kwargs, "attention_mask": None, "position_ids": position}


class DeferringLayer:
    """One layer of a decoder."""

    def __init__(self, layer: Any, number: int, deferring: Deferring) -> None:
        self.layer, self.number, self.deferring = layer, number, deferring
        self.attention = getattr(layer, deferring.anatomy.attention)
        self.index: Any = None  # of the tokens that the layer works on
        self.meant: Any = None
        self.seen: Any = None  # of those that they see
        self.seen_meant: Any = None
        self.queries: Any = None

    def attach(self, handle: Handle) -> None:
        """Hook on to the layer and its attention."""
        handle.hook(self.layer.register_forward_pre_hook(self.before, with_kwargs=True))
        # before any other hook, such as those by which transformers collects hidden states
        handle.hook(self.layer.register_forward_hook(self.after, prepend=True))
        if self.number not in self.deferring.method.passing_layers:
            return
        source = getattr(self.attention, self.deferring.anatomy.queries)
        handle.hook(source.register_forward_hook(self.remember_queries))
        handle.hook(self.attention.register_forward_hook(self.look, with_kwargs=True))

    def remember_queries(self, module: nn.Module, args: Any, output: Tensor) -> None:
        """Hold the queries until the attention is through (a forward hook)."""
        self.queries = self.deferring.anatomy.split(output, self.deferring.config.num_attention_heads)

    def before(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Hand the layer the tokens that it has to work on, and those that they see (a forward pre-hook)."""
        deferring, waiting = self.deferring, self.deferring.waiting
        hidden, *others = args
        if self.number == 0:
            waiting.enter(hidden)
        held = kwargs[deferring.anatomy.cache].layers[self.number]
        lacking = held.lacks(deferring.active)
        if self.number == 0 and deferring.prompt:
            lacking = torch.ones_like(lacking)  # so that the model may be given logits of all tokens
        self.index, self.meant = packed_to_the_end(lacking)
        self.seen, self.seen_meant = packed_to_the_end(deferring.active)
        held.expect(self.index, self.meant & waiting.there.gather(1, self.index), self.seen)
        hidden = waiting.take(self.index)
        kwargs = {**kwargs, "attention_mask": self._mask(hidden.dtype)}
        position = waiting.position.gather(1, self.index)
        if kwargs.get("position_ids") is not None:
            kwargs["position_ids"] = position
        if kwargs.get("position_embeddings") is not None:
            kwargs["position_embeddings"] = deferring.reader.rotary_emb(hidden, position)
        return (hidden, *others), kwargs

    def _mask(self, dtype: torch.dtype) -> Tensor | None:
        """Which of the tokens see which; ``None`` where each sees those before it."""
        new, all_seen = self.index.shape[1], self.seen.shape[1]
        if bool(self.seen_meant.all()) and bool(self.meant.all()) and new in (1, all_seen):
            return None
        seen = (self.seen.unsqueeze(1) <= self.index.unsqueeze(2)) & self.seen_meant.unsqueeze(1)
        seen = seen | ~seen.any(dim=2, keepdim=True)  # what fills up sees something, so that it is a number
        heads = self.deferring.config.num_attention_heads
        return as_mask(seen.unsqueeze(1).expand(-1, heads, -1, -1), self.deferring.config, dtype)

    def look(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        """Ask the method what the layers behind this one see (a forward hook)."""
        deferring, method = self.deferring, self.deferring.method
        keys, queries = kwargs[deferring.anatomy.cache].layers[self.number].asked, self.queries[:, :, -1:]
        rotary = kwargs.get("position_embeddings")
        if rotary is not None:
            queries = rotated(queries, *(part[:, -1:].unsqueeze(1) for part in rotary))
        rows = Rows(queries, keys, self.seen_meant.unsqueeze(1), self.attention.scaling)
        with deferring.handle.watch():
            stays = method.pass_on(Attention(method.needs, offers(lambda: rows, 1)), self.seen_meant, self.number)
        stays = stays & self.seen_meant
        stays[:, -1] = True  # the next word is read off the last one
        deferring.active = torch.zeros_like(deferring.active).scatter(1, self.seen, stays)
        self.queries = None

    def after(self, module: nn.Module, args: tuple[Any, ...], output: Tensor) -> None:
        """Take down what the layer made of its tokens (a forward hook)."""
        deferring, waiting = self.deferring, self.deferring.waiting
        waiting.put(self.index, self.meant, output)
        if deferring.prompt:
            there = waiting.there.sum(dim=1).double()
            seen = self.seen_meant.sum(dim=1).double()
            count, worked = waiting.there.shape[1], self.index.shape[1]
            cached = (seen / there).mean().item() * count
            deferring.handle.records.append(
                BlockRecord(self.number, count, worked, worked, cached=cached, seen=seen.mean().item(), room=count)
            )
