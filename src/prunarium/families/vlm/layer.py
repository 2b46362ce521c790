"""A layer of the language model that may shorten the prompt before it runs."""

import weakref
from typing import Any

import torch
from torch import Tensor, nn

from prunarium.families.base import Attention
from prunarium.families.caching.held import HeldLayer
from prunarium.families.caching.masks import as_mask, of_tokens
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
        self.had = 0  # tokens of the prompt that this layer had
        self.left: HeldLayer | None = None  # what an eviction left of them, and the words since
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
        held = None if self.prompt.reading else self._held(past_key_values)
        if self.prompt.reading:
            if self.index == 0 and past_key_values is not None:
                self.prompt.cache = weakref.ref(past_key_values)
            hidden_states = self._shorten(hidden_states, position_embeddings)
            position_ids, position_embeddings = self._positions_left(position_ids, position_embeddings)
            mask, self.rotary = self._mask(attention_mask), position_embeddings
        else:
            mask = self._mask_of_words(hidden_states, past_key_values, held)
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
        elif self.prompt.trims and held is not None:
            with self.prompt.handle.watch():
                held.hold(self.prompt.evicting.trim(held.entries, held.left / held.read.double(), held.met))
        return output

    def _weigh(self, output: Tensor, cache: Any) -> None:
        offered = offers(self.prompt, self.projections, self.projections, output)
        self.prompt.weigh(Attention(self.prompt.method.needs, offered), self.index, cache)

    def entries(self, cache: Any) -> Entries:
        """What the cache of this layer holds, the prompt just read."""
        held = cache.layers[self.index]
        places = torch.arange(self.had, device=held.keys.device) if self.columns is None else self.columns
        places = places.expand(len(held.keys), -1)
        image = torch.zeros_like(places, dtype=torch.bool).scatter(1, self.prompt.places()[1], True)
        real = self.prompt.real
        shape = held.keys.shape[:3]
        there = None if real is None else real.gather(1, places).unsqueeze(1).expand(shape)
        places, image = (part.unsqueeze(1).expand(shape) for part in (places, image))
        return Entries(held.keys, held.values, places, image, there)

    def hold(self, before: Entries, after: Entries, cache: Any) -> None:
        """Have the cache of this layer hold, of what it had of the prompt, what is left from now on."""
        self.left = cache.layers[self.index] = HeldLayer(after, before.lengths, self.prompt.length)

    def words(self, cache: Any) -> int:
        """How many words after the prompt this layer has in its cache, or had there."""
        held = self._held(cache)
        return int(cache.get_seq_length(self.index)) - self.had if held is None else held.words

    def _held(self, cache: Any) -> HeldLayer | None:
        """This layer of the cache, where something was evicted from it."""
        layer = cache.layers[self.index]
        return layer if isinstance(layer, HeldLayer) else None

    @property
    def evicted(self) -> Entries | None:
        """What is left of this layer's cache after an eviction; ``None`` before one."""
        return None if self.left is None else self.left.entries

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
        self.columns, self.had, self.left = prompt.kept, hidden.shape[1], None
        self.dropped = prompt.length - self.had
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
        if self.columns is None:
            return mask
        mask = of_tokens(mask, self.columns)
        if mask is None or self.prompt.method.positions == "kept":
            return mask
        # tokens merged behind the image share a row of the prompt: here, too, none of them sees a later one
        later = torch.ones(mask.shape[-2:], dtype=torch.bool, device=mask.device).triu(1)
        return mask.masked_fill(later, False if mask.dtype == torch.bool else torch.finfo(mask.dtype).min)

    def _mask_of_words(self, hidden: Tensor, cache: Any, held: HeldLayer | None) -> Tensor | None:
        """Which cached tokens the words after the prompt see, and of one another ``[batch, heads, words, tokens]``."""
        prompt, words, config = self.prompt, hidden.shape[1], self.prompt.adapter.language.config
        later = None if prompt.later is None or bool(prompt.later.all()) else prompt.later
        if held is not None:
            held.expect(words, None if later is None else later[:, -words:])
            seen = held.seen(words, config.num_attention_heads)
            return None if seen is None else as_mask(seen, config, hidden.dtype)
        real = self._had_for_real()
        if words == 1 and real is None and later is None:
            return None
        count = cache.get_seq_length(self.index) + words
        seen = torch.ones(words, count, dtype=torch.bool, device=hidden.device).tril(count - words)
        there = torch.ones(len(hidden), count, dtype=torch.bool, device=hidden.device)
        if real is not None:
            there[:, : self.had] = real
        if later is not None:
            there[:, self.had :] = later
        return as_mask(seen & there[:, None, None, :], config, hidden.dtype)

    def _had_for_real(self) -> Tensor | None:
        """Which tokens of the prompt that this layer had are no padding ``[batch, tokens]``; ``None`` when all are."""
        real = self.prompt.real
        if real is None:
            return None
        return real if self.columns is None else real.gather(1, self.columns)
