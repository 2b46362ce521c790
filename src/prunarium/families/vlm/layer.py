"""A layer of the language model that may shorten the prompt before it runs."""

import weakref
from typing import Any

import torch
from torch import Tensor, nn

from prunarium.families.base import Attention
from prunarium.families.caching.masks import as_mask
from prunarium.families.vlm.attention import Projections, offers
from prunarium.families.vlm.prompt import Prompt
from prunarium.ops import Entries, Move, gather


class ReducingLayer:
    """A decoder layer of transformers, which sees mask and positions of the tokens that are left."""

    def __init__(self, layer: Any, index: int, acts: bool, prompt: Prompt) -> None:
        self.layer, self.index, self.acts, self.prompt = layer, index, acts, prompt
        self.previous: ReducingLayer | None = None
        self.quiet = range(0)
        self.columns: Tensor | None = None  # rows of the prompt that this layer's cache holds
        self.dropped = 0  # tokens of the prompt that this layer did not have
        self.held = 0  # tokens of the prompt that this layer's cache holds, and words that 'evicted' knows of
        self.evicted: Entries | None = None  # what an eviction left
        self.words = 0  # words after the prompt that have gone into 'evicted'
        self.read = torch.zeros(0)  # tokens of the prompt, where there was an eviction [batch, key heads]
        self.share = self.read  # what it left of them
        self.queries: Tensor | None = None
        self.keys: Tensor | None = None
        self.rotary: tuple[Tensor, Tensor] | None = None

    def remember_queries(self, module: nn.Module, args: Any, output: Tensor) -> None:
        """Hold the queries until the next layer is through (a forward hook)."""
        self.queries = output if self.prompt.reading else None

    def remember_keys(self, module: nn.Module, args: Any, output: Tensor) -> None:
        """Hold the keys until the next layer is through (a forward hook)."""
        self.keys = output if self.prompt.reading else None

    def forward(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Any = None,
        use_cache: bool | None = False,
        position_embeddings: tuple[Tensor, Tensor] | None = None,
        **kwargs: Any,
    ) -> Tensor:
        assert position_embeddings is not None
        if self.prompt.reading:
            if self.index == 0 and past_key_values is not None:
                self.prompt.cache = weakref.ref(past_key_values)
            hidden_states = self._shorten(hidden_states, position_embeddings)
            position_ids, position_embeddings = self._positions_left(position_ids, position_embeddings)
            mask, self.rotary = self._mask(attention_mask), position_embeddings
        else:
            mask = self._mask_of_words(hidden_states, past_key_values)
            if self._renumbers and self.dropped and position_ids is not None:
                position_ids = position_ids - self.dropped
                position_embeddings = self.prompt.adapter.language.rotary_emb(hidden_states, position_ids)
        output = type(self.layer).forward(
            self.layer,
            hidden_states,
            attention_mask=mask,
            position_ids=position_ids,
            past_key_values=past_key_values,
            use_cache=use_cache,
            position_embeddings=position_embeddings,
            **kwargs,
        )
        if self.prompt.evicts and self.prompt.reading:
            if past_key_values is not None and self.prompt.count:
                self._weigh(output, past_key_values)
            self.queries = self.keys = None
        elif self.prompt.trims and self.evicted is not None:
            self._trim(self.evicted, past_key_values, hidden_states.shape[1])
        return output

    def _weigh(self, output: Tensor, cache: Any) -> None:
        offered = offers(self.prompt, self.projections, self.projections, output)
        self.prompt.weigh(Attention(self.prompt.method.needs, offered), self.index, cache)

    def entries(self, cache: Any) -> Entries:
        """What the cache of this layer holds, the prompt just read."""
        held = cache.layers[self.index]
        places = torch.arange(self.held, device=held.keys.device) if self.columns is None else self.columns
        places = places.expand(len(held.keys), -1)
        image = torch.zeros_like(places, dtype=torch.bool).scatter(1, self.prompt.places()[1], True)
        real = self.prompt.real
        shape = held.keys.shape[:3]
        there = None if real is None else real.gather(1, places).unsqueeze(1).expand(shape)
        places, image = (part.unsqueeze(1).expand(shape) for part in (places, image))
        return Entries(held.keys, held.values, places, image, there)

    def _trim(self, evicted: Entries, cache: Any, words: int) -> None:
        """Let the method take entries from what this layer holds after new words."""
        prompt, held = self.prompt, cache.layers[self.index]
        shape, far = (*evicted.place.shape[:2], words), self.words + words
        later = None if prompt.later is None or bool(prompt.later.all()) else prompt.later
        there, seen = evicted.there, None if later is None else later[:, :far].unsqueeze(1)
        new = torch.arange(self.words, far, device=held.keys.device) + prompt.length
        if there is not None or seen is not None:
            last = evicted.of_image.new_ones(shape) if seen is None else seen[..., self.words :].expand(shape)
            there = torch.cat([evicted.visible, last], dim=2)
        place = torch.cat([evicted.place, new.expand(shape)], dim=2)
        image = torch.cat([evicted.of_image, evicted.of_image.new_zeros(shape)], dim=2)
        read = self.read + (far if seen is None else seen.sum(dim=2))
        with prompt.handle.watch():
            left = prompt.evicting.trim(Entries(held.keys, held.values, place, image, there), self.share, read)
        self.words = far
        self.hold(left, cache)

    def hold(self, entries: Entries, cache: Any) -> None:
        """Have the cache of this layer hold these from now on."""
        held = cache.layers[self.index]
        held.keys, held.values = entries.keys, entries.values
        self.held, self.evicted = entries.count, entries

    @property
    def _renumbers(self) -> bool:
        return self.prompt.method.positions == "renumbered" and self.prompt.adapter.renumbers

    def _shorten(self, hidden: Tensor, incoming: tuple[Tensor, Tensor]) -> Tensor:
        prompt = self.prompt
        count = prompt.count
        moves: tuple[Move, ...] = ()
        if self.acts and count:
            offered = offers(prompt, self._before, lambda: self._ahead(hidden, incoming), hidden)
            with prompt.handle.watch():
                hidden, after = prompt.reduce(hidden, Attention(prompt.method.needs, offered), self.index)
            moves = after.moves
        if self.previous is not None:
            self.previous.queries = self.previous.keys = self.previous.rotary = None
        prompt.record(self.index, count, moves)
        for layer in self.quiet:
            prompt.record(layer, prompt.count, ())
        self.columns, self.held, self.evicted, self.words = prompt.kept, hidden.shape[1], None, 0
        self.dropped = prompt.length - self.held
        return hidden

    def _positions_left(
        self, position_ids: Tensor | None, rotary: tuple[Tensor, Tensor]
    ) -> tuple[Tensor | None, tuple[Tensor, Tensor]]:
        """Of the tokens that are left: those they had, or as many from the start; with their rotary embeddings."""
        kept = self.columns
        if kept is None:
            return position_ids, rotary
        cos, sin = (part.expand(len(kept), -1, -1) for part in rotary)
        ids = None if position_ids is None else position_ids.expand(len(kept), -1)
        if self._renumbers:
            left = slice(kept.shape[1])
            return None if ids is None else ids[:, left], (cos[:, left], sin[:, left])
        return None if ids is None else ids.gather(1, kept), (gather(cos, kept), gather(sin, kept))

    def projections(self) -> Projections:
        """Queries and keys of this layer, which has just run."""
        assert self.queries is not None and self.keys is not None and self.rotary is not None
        return Projections(self.layer.self_attn, self.queries, self.keys, self.rotary)

    def _before(self) -> Projections:
        assert self.previous is not None
        return self.previous.projections()

    def _ahead(self, hidden: Tensor, incoming: tuple[Tensor, Tensor]) -> Projections:
        """What this layer would project, were nothing dropped before it."""
        rotary = incoming if self.previous is None else self.previous.rotary
        assert rotary is not None
        normed, attn = self.layer.input_layernorm(hidden), self.layer.self_attn
        return Projections(attn, attn.q_proj(normed), attn.k_proj(normed), rotary)

    def _mask(self, mask: Tensor | None) -> Tensor | None:
        """The rows and columns of a prompt's mask that belong to tokens this layer has."""
        if mask is None or self.columns is None:
            return mask
        columns = self.columns[:, None, None, :]
        mask = mask.expand(len(self.columns), -1, -1, -1)
        rows = self.columns[:, None, :, None].expand(-1, mask.shape[1], -1, mask.shape[-1])
        mask = mask.gather(2, rows).gather(3, columns.expand(-1, mask.shape[1], rows.shape[2], -1))
        if self.prompt.method.positions == "kept":
            return mask
        # tokens merged behind the image share a row of the prompt: here, too, none of them sees a later one
        later = torch.ones(mask.shape[-2:], dtype=torch.bool, device=mask.device).triu(1)
        return mask.masked_fill(later, False if mask.dtype == torch.bool else torch.finfo(mask.dtype).min)

    def _mask_of_words(self, hidden: Tensor, cache: Any) -> Tensor | None:
        """Which cached tokens the words after the prompt see, and of one another ``[batch, heads, words, tokens]``."""
        prompt, words, held = self.prompt, hidden.shape[1], self._held_for_real()
        if words == 1 and held is None and (prompt.later is None or bool(prompt.later.all())):
            return None
        count = cache.get_seq_length(self.index) + words
        seen = torch.ones(words, count, dtype=torch.bool, device=hidden.device).tril(count - words)
        seen = seen.expand(len(hidden), 1, -1, -1)
        real = torch.ones(len(hidden), self._heads, count, dtype=torch.bool, device=hidden.device)
        if held is not None:
            real[..., : self.held] = held
        if prompt.later is not None:
            real[..., self.held :] = prompt.later[:, self.words :].unsqueeze(1)
        seen = seen & real.unsqueeze(2)
        return as_mask(seen, prompt.adapter.language.config, hidden.dtype)

    @property
    def _heads(self) -> int:
        """Heads that may hold different tokens."""
        return 1 if self.evicted is None else self.prompt.adapter.language.config.num_attention_heads

    def _held_for_real(self) -> Tensor | None:
        """Which cached tokens of the prompt are no padding ``[batch, heads, held]``; ``None`` when all are."""
        if self.evicted is not None:
            there = self.evicted.there
            return None if there is None else there.repeat_interleave(self._heads // there.shape[1], dim=1)
        real = self.prompt.real
        if real is None:
            return None
        return (real if self.columns is None else real.gather(1, self.columns)).unsqueeze(1)
