"""What a decoder reads: a prompt, or words after one; and its layers, whose cache is shortened as they do."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families.base import Attention, TokenMethod
from prunarium.families.caching.held import HeldLayer, SlotLayer, check_layers, forget
from prunarium.families.caching.masks import as_mask
from prunarium.families.caching.refusals import about_to_read, real_tokens
from prunarium.families.caching.rows import ROWS, Rows, offers
from prunarium.families.caching.sharing import by_key_head
from prunarium.families.decoder.anatomy import Anatomy
from prunarium.families.decoder.folding import Folding
from prunarium.families.decoder.lowering import Lowering
from prunarium.families.decoder.method import DecoderMethod
from prunarium.families.decoder.selecting import Selection
from prunarium.families.decoder.skipping import WorksOn
from prunarium.families.handle import BlockRecord, Handle
from prunarium.ops import Entries, rotated, unrotated


class Reading:
    """What is read now.

    Attributes:
        prompt: whether it is a prompt, and not words after one.
        real: which of its tokens are no padding ``[batch, tokens]``; ``None`` when all are.
        count: of its tokens.
        layers: of the model.
    """

    def __init__(self, handle: Handle, method: TokenMethod, model: Any, anatomy: Anatomy) -> None:
        self.handle, self.anatomy, self.config = handle, anatomy, model.config
        self.method = method if isinstance(method, DecoderMethod) else None
        self.reader = anatomy.reader(model)
        self.prompt, self.count, self.first_sample = False, 0, 0
        self.real: Tensor | None = None
        self.position: Tensor | None = None
        self.selection: Selection | Folding | None = None
        self.cache: list[Entries] = []
        self.layers = [
            ReadingLayer(getattr(layer, anatomy.attention), index, self)
            for index, layer in enumerate(self.reader.layers)
        ]

    @property
    def holds(self) -> bool:
        """Whether the method has a hand in the cache."""
        return self.method is not None and self.method.shortens

    @property
    def trained(self) -> bool:
        """Whether the model is trained by what is read now, with layers that work on some tokens."""
        return self.method is not None and self.method.writes("route") and self.reader.training and self.prompt

    def begin(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Look at what comes before the model reads it (a forward pre-hook)."""
        tokens, kwargs = about_to_read(args, kwargs)
        cache = kwargs.get("past_key_values")
        self.count = tokens.shape[1]
        self.prompt = cache is None or cache.get_seq_length() == 0
        if self.prompt and cache is not None:
            forget(cache)
        return (), (self._start(tokens, kwargs) if self.prompt else self._go_on(tokens, kwargs, cache))

    def _start(self, tokens: Tensor, kwargs: dict[str, Any]) -> dict[str, Any]:
        mask = kwargs.get("attention_mask")
        self.real = real_tokens(mask)
        self.first_sample = self.handle.begin(len(tokens))
        self.cache, self.selection, self.handle.memory = [], None, {}
        if self.trained:
            return {**kwargs, "use_cache": False}  # what layers hold of other tokens is of no use
        if not self.holds:
            self._record_whole()
            return kwargs
        if isinstance(mask, Tensor) and mask.ndim != 2:
            raise PrunariumError("pass an attention_mask [batch, tokens]: the method shortens the cache")
        if kwargs.get("use_cache") is False:
            raise PrunariumError(f"{self.method!r} works on the cache; do not pass use_cache=False")
        if kwargs.get("past_key_values") is not None:
            check_layers(kwargs["past_key_values"])
        assert self.method is not None
        self.selection = self._fewer()
        if self.selection is not None:
            kwargs = self.selection.read(kwargs)
            self.real, self.count = real_tokens(kwargs["attention_mask"]), kwargs["attention_mask"].shape[1]
            self._record_whole(self.selection.share, self.selection.read_last)
        self.position = self._position(kwargs.get("position_ids"), len(tokens), tokens.device)
        return kwargs

    def _fewer(self) -> Selection | Folding | None:
        """How the model reads less than the prompt; ``None`` where it reads all of it."""
        assert self.method is not None
        if self.method.selecting_layer is not None:
            return Selection(self, self.method.selecting_layer)
        return Folding(self) if self.method.compresses else None

    def _position(self, ids: Tensor | None, batch: int, device: torch.device) -> Tensor:
        """Of the first word after the prompt ``[batch, 1]``."""
        if ids is not None:
            return ids[:, -1:].expand(batch, -1) + 1
        if self.real is not None and not self.anatomy.rotary:  # learned positions do not count padding
            return self.real.sum(dim=1, keepdim=True)
        return torch.full((batch, 1), self.count, device=device)

    def _record_whole(self, share: float = 1.0, worked: int | None = None) -> None:
        """Note that every layer keeps all that the model reads, and on how many of these tokens it works."""
        count = self.count if self.selection is None else self.selection.whole
        worked = self.count if worked is None else worked
        for layer in range(len(self.layers)):
            self.handle.records.append(
                BlockRecord(layer, count, self.count, worked, cached=count * share, room=self.count)
            )

    def _go_on(self, tokens: Tensor, kwargs: dict[str, Any], cache: Any) -> dict[str, Any]:
        if not self.holds:
            return kwargs
        if not all(isinstance(layer, HeldLayer) for layer in cache.layers):
            raise PrunariumError("this cache was filled without the method; let it read the whole prompt")
        mask, self.real = kwargs.get("attention_mask"), None
        if isinstance(mask, Tensor):
            if mask.ndim != 2:
                raise PrunariumError("pass an attention_mask [batch, tokens]: the method shortens the cache")
            real = mask[:, -self.count :].bool()
            self.real = None if bool(real.all()) else real
        first = cache.layers[0]
        positions = first.position + torch.arange(self.count, device=tokens.device)
        first.position = first.position + self.count
        return {**kwargs, "attention_mask": None, "position_ids": positions}

    def finish(self, cache: Any) -> None:
        """Evict, now that the last layer has read the prompt."""
        assert self.method is not None and self.position is not None
        with self.handle.watch():
            left = self.method.evict(self.cache)
        records = self.handle.records
        for layer, before, after in zip(self.layers, self.cache, left, strict=True):
            cache.layers[layer.index] = layer.held(before, after)
            if self.selection is None:
                share = (after.lengths / self.lengths(before).double()).mean().item()
                records.append(
                    BlockRecord(
                        layer.index,
                        self.count,
                        before.count,
                        before.count,
                        cached=share * self.count,
                        seen=after.lengths.double().mean().item(),
                        room=after.count,
                    )
                )
        cache.layers[0].position = self.position
        self.cache = []

    def lengths(self, entries: Entries) -> Tensor:
        """Tokens of the prompt, whether a layer worked on them or not ``[batch, key heads]``."""
        shape = entries.place.shape[:2]
        if self.real is None:
            return torch.full(shape, self.count, device=entries.place.device)
        return self.real.sum(dim=1, keepdim=True).expand(shape)


class ReadingLayer:
    """The attention of one layer, and what it left in the cache."""

    def __init__(self, attention: Any, index: int, reading: Reading) -> None:
        self.attention, self.index, self.reading = attention, index, reading
        self.queries: Tensor | None = None
        self.rotary: tuple[Tensor, Tensor] | None = None
        self.lowering: Lowering | None = None
        self.works_on: WorksOn | None = None

    @property
    def method(self) -> DecoderMethod:
        """The method, of which it is known that it has a hand in the cache."""
        assert self.reading.method is not None
        return self.reading.method

    def attach(self, handle: Handle) -> None:
        """Hook on to the attention."""
        handle.hook(self.attention.register_forward_pre_hook(self.before, with_kwargs=True))
        handle.hook(self.attention.register_forward_hook(self.after, with_kwargs=True))
        if ROWS & self.method.needs:
            source = getattr(self.attention, self.reading.anatomy.queries)
            handle.hook(source.register_forward_hook(self.remember_queries))

    def remember_queries(self, module: nn.Module, args: Any, output: Tensor) -> None:
        """Hold the queries until the attention is through (a forward hook)."""
        self.queries = self.reading.anatomy.split(output, self.reading.config.num_attention_heads)

    def before(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Tell words what this layer still holds, and where they are in it (a forward pre-hook)."""
        reading, self.rotary = self.reading, kwargs.get("position_embeddings")
        hidden = args[0] if args else kwargs["hidden_states"]
        if reading.prompt:
            if not self.method.lowers or kwargs[reading.anatomy.cache] is None:
                return None
            self.lowering = Lowering.of_prompt(self, hidden)
            return args, self.lowering.into(kwargs)
        held = kwargs[reading.anatomy.cache].layers[self.index]
        held.expect(reading.count, reading.real if self.works_on is None else self.works_on.chosen)
        seen = held.seen(reading.count, reading.config.num_attention_heads)
        kwargs = {**kwargs, "attention_mask": None if seen is None else as_mask(seen, reading.config, hidden.dtype)}
        if isinstance(held, SlotLayer):
            kwargs["position_embeddings"] = reading.reader.rotary_emb(hidden, held.coming(reading.count))
        if self.method.lowers:
            self.lowering = Lowering.of_words(self, hidden, held, seen)
            kwargs = self.lowering.into(kwargs)
        return args, kwargs

    def after(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        """Shorten the cache, or note what it holds until the last layer is through (a forward hook)."""
        reading, cache = self.reading, kwargs[self.reading.anatomy.cache]
        self.rotary = kwargs.get("position_embeddings")
        if reading.selection is not None and reading.selection.looking:
            reading.selection.look(self, cache.layers[self.index])
        elif not reading.prompt:
            self._after_words(cache.layers[self.index])
        elif cache is None:
            raise PrunariumError(f"{reading.method!r} works on the cache; set use_cache=True")
        else:
            reading.cache.append(self._of_prompt(cache.layers[self.index]))
            if self.index == len(reading.layers) - 1:
                reading.finish(cache)
        self.queries = self.rotary = self.lowering = None

    def _of_prompt(self, layer: Any) -> Entries:
        """What the layer holds of the prompt that it has just read."""
        shape, real = layer.keys.shape[:3], self.reading.real
        place = torch.arange(shape[2], device=layer.keys.device).expand(shape)
        if self.works_on is not None:
            place, real = self.works_on.index.unsqueeze(1).expand(shape), self.works_on.meant
        there = None if real is None else real.unsqueeze(1).expand(shape)
        entries = Entries(layer.keys, layer.values, place, None, there)
        if self.method.weighs:
            entries = replace(entries, weight=self._weight(entries, layer.keys, words=0))
        if self.lowering is not None:
            entries = replace(entries, weight=self.lowering.weight.expand(shape), note=self.lowering.note)
        if self.method.by_slot:
            assert self.rotary is not None
            entries = replace(entries, keys=unrotated(layer.keys, *(part.unsqueeze(1) for part in self.rotary)))
        return entries

    def _after_words(self, held: HeldLayer) -> None:
        if self.method.every_word and self.method.weighs:
            new = self._weight(held.entries, held.asked, held.words)
            held.weight = self.method.carried(held.entries.known_weight, new)
        if self.lowering is not None:
            held.weight, held.note = self.lowering.weight.expand(held.place.shape), self.lowering.note
        if self.works_on is not None:  # what passes the layer by takes no room, where all samples can do without
            held.hold(held.entries.only(held.entries.visible))
        if self.method.trims:
            with self.reading.handle.watch():
                left = self.method.trim(held.entries, held.read, held.left, self.index)
            held.hold(left)

    def _weight(self, entries: Entries, keys: Tensor, words: int) -> Tensor:
        """What the method makes of the attention that has just run ``[batch, key heads, entries]``.

        Args:
            entries: all that the layer holds.
            keys: as the attention saw them.
            words: after the prompt, so far.
        """
        first, device = self.reading.first_sample, keys.device
        offered = offers(lambda: self.rows(keys, entries.there), self.method.observed)
        offered["samples"] = lambda: torch.arange(first, first + len(keys), device=device)
        offered["words"] = lambda: torch.tensor(words, device=device)
        offered["queries"] = lambda: self._asked
        offered["coming_rotary"] = lambda: self._coming_rotary(keys)
        with self.reading.handle.watch():
            weight = self.method.weigh(Attention(self.method.needs, offered), entries, self.index)
        return by_key_head(weight, keys.shape[1]).expand(entries.place.shape)

    def rows(self, keys: Tensor, there: Tensor | None) -> Rows:
        """Queries that were just asked, and the keys that were there for them."""
        queries = self._asked
        if self.rotary is not None:
            queries = rotated(queries, *(part.unsqueeze(1) for part in self.rotary))
        return Rows(queries, keys, there, self.attention.scaling)

    @property
    def _asked(self) -> Tensor:
        """Queries that were just asked, before their rotary embedding ``[batch, heads, tokens, head dim]``."""
        assert self.queries is not None
        return self.queries

    def _coming_rotary(self, keys: Tensor) -> Tensor:
        """Mean cosines and sines of the words that the method foresees ``[2, batch, 1, rotary dim]``."""
        assert self.reading.position is not None
        positions = self.reading.position + torch.arange(self.method.foreseen, device=keys.device)
        return torch.stack([part.mean(dim=1, keepdim=True) for part in self.reading.reader.rotary_emb(keys, positions)])

    def held(self, before: Entries, after: Entries) -> HeldLayer:
        """The layer of the cache from now on.

        Args:
            before: what it held of the prompt.
            after: what is left of that.
        """
        if not self.method.by_slot:
            return HeldLayer(after, self.reading.lengths(before), self.reading.count)
        return SlotLayer(after, self.reading.lengths(before), self.reading.count, self.reading.reader.rotary_emb)
