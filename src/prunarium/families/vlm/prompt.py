"""The prompt: which of its tokens are the image's, and which are still there."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families.base import Attention, TokenMethod
from prunarium.families.caching.held import forget
from prunarium.families.caching.masks import as_mask
from prunarium.families.caching.refusals import check_cache, real_tokens
from prunarium.families.caching.sharing import by_key_head
from prunarium.families.handle import BlockRecord, Handle
from prunarium.families.vlm.masks import hiding
from prunarium.families.vlm.method import VlmMethod
from prunarium.families.vlm.pictures import Picture
from prunarium.ops import DROPPED, Move, Tokens, follow, gather

if TYPE_CHECKING:
    from prunarium.families.vlm.adapter import VlmAdapter
    from prunarium.families.vlm.layer import ReducingLayer


class Prompt:
    """The prompt that is being read, or was read last.

    Attributes:
        reading: whether the model reads a prompt now, and does not go on with one.
        image: positions of the image tokens in the sequence as it is now ``[batch, image tokens]``.
        text: positions of the others ``[batch, text]``.
        kept: rows that are left of those that entered the first layer ``[batch, tokens]``; ``None`` while all are.
        length: tokens that entered the first layer.
        real: which of those are no padding ``[batch, length]``; ``None`` when all are.
        entered: what entered the language model in place of the image's tokens; empty where the method let it be.
    """

    def __init__(self, handle: Handle, method: TokenMethod, adapter: "VlmAdapter") -> None:
        self.handle, self.method, self.adapter = handle, method, adapter
        self.reading = False
        self.image_tokens = self.count = self.length = 0
        self.first_sample = 0
        self.image: Tensor | None = None
        self.text: Tensor | None = None
        self.kept: Tensor | None = None
        self.real: Tensor | None = None
        self.where: Tensor | None = None
        self.rows: Tensor | None = None  # of the whole prompt, that entered the first layer; None when all did
        self.whole = 0  # tokens of the whole prompt
        self.first: Tensor | None = None  # like kept, in the first layer
        self.later: Tensor | None = None  # which tokens after the prompt are no padding; None when all are
        self.entered: tuple[Move, ...] = ()
        self.cells: Tensor | None = None  # row and column of each image token that entered the first layer
        self.marked: Tensor | None = None  # which of them the method marked
        self.added: Tensor | None = None  # which of them take no old token's place
        self.size: Tensor | None = None
        self.memory: Any = {}
        self.evicts = isinstance(method, VlmMethod) and method.evicts
        self.hides = isinstance(method, VlmMethod) and method.hides
        self.trims = isinstance(method, VlmMethod) and method.trims
        self.layers: list[ReducingLayer] = []
        self.weights: list[Tensor] = []
        self.cache: Callable[[], Any] = lambda: None  # a weak reference to the cache that was filled

    def read(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Find the image before the model runs, and let the method reduce it (a forward pre-hook)."""
        if args:
            kwargs = {"input_ids": args[0], **kwargs}
        ids, cache = kwargs.get("input_ids"), kwargs.get("past_key_values")
        if ids is None:
            raise PrunariumError("pass input_ids, not inputs_embeds: the image is found by its placeholder ids")
        check_cache(cache)
        self.reading = cache is None or cache.get_seq_length() == 0
        if not self.reading:
            return (), self._go_on(kwargs, cache)
        if cache is not None:
            forget(cache)
        if not len(ids):
            raise PrunariumError("the batch is empty; pass at least one prompt")
        self._start(ids, kwargs)
        if self.adapter.enters and self.count:
            kwargs = self._enter(ids, kwargs)
        self.real = real_tokens(kwargs.get("attention_mask"))
        if self.hides and self.added is not None and bool(self.added.any()):
            kwargs = {**kwargs, "attention_mask": self._hiding(self.added)}
        return (), kwargs

    def _start(self, ids: Tensor, kwargs: dict[str, Any]) -> None:
        real_tokens(kwargs.get("attention_mask"))
        self.first_sample = self.handle.begin(len(ids))
        self.where = ids == self.adapter.image_token
        counts = self.where.sum(dim=1).tolist()
        if len(set(counts)) > 1:
            raise PrunariumError(
                f"samples of one batch need equally many image tokens, not {counts}; run them one at a time"
            )
        self.adapter.first_sample = self.first_sample
        self.adapter.check_placeholders(sum(counts), kwargs)
        self.count = self.image_tokens = counts[0]
        self.whole = self.length = ids.shape[1]
        self.image = self.text = self.kept = self.rows = self.first = self.size = None
        self.added = None
        self.entered, self.memory, self.weights = (), {}, []

    def _enter(self, ids: Tensor, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Put what the method leaves of the images into the sequence, which becomes as much shorter."""
        assert self.where is not None
        pictures = self.adapter.pictures_of(kwargs)
        shares = _share_out(pictures, self.where)
        counts = [sum(len(one.features) for one in share) for share in shares]
        if len(set(counts)) > 1:
            raise PrunariumError(
                f"{self.method!r} keeps different numbers of image tokens in the samples of this batch, {counts}; run "
                "them one at a time"
            )
        known = [one.projected for one in pictures if one.projected is not None]
        self.handle.projected = sum(known) if known else None
        if "image_cells" in self.method.needs:
            self.cells = torch.stack([torch.cat([one.cells_left() for one in share]) for share in shares])
        if "added" in self.method.needs:
            self.added = torch.stack([torch.cat([one.slots == DROPPED for one in share]) for share in shares])
        if "marked" in self.method.needs:
            self.marked = torch.stack([torch.cat([one.marked_left() for one in share]) for share in shares])
        self.rows = torch.stack([_rows_left(where, share) for where, share in zip(self.where, shares, strict=True)])
        self.entered = (_as_move(shares),)
        self.where = self.where.gather(1, self.rows)
        self.count, self.length = counts[0], self.rows.shape[1]
        return self.adapter.shorten(kwargs, self.rows, torch.cat([one.features for one in pictures]))

    def _hiding(self, added: Tensor) -> Tensor:
        """The mask of a prompt whose text sees of the image what was added to it alone
        ``[batch, 1, tokens, tokens]``."""
        assert self.where is not None
        hidden = self.where.masked_scatter(self.where, ~added)
        language = self.adapter.language
        return as_mask(hiding(~self.where, hidden, self.real), language.config, language.dtype)

    def _go_on(self, kwargs: dict[str, Any], cache: Any) -> dict[str, Any]:
        if kwargs.get("pixel_values") is not None or kwargs.get("mm_encoder_outputs"):
            raise PrunariumError("an image after the first prompt is not supported while a method is applied")
        if cache is not self.cache():
            raise PrunariumError("this cache is not of the last prompt read; finish one chat before the next")
        self.later = None
        mask, held = kwargs.get("attention_mask"), self._held()
        if isinstance(mask, Tensor) and mask.ndim == 2:
            self.later = mask[:, self.whole :].bool()
            if self.evicts:
                kwargs = {**kwargs, "attention_mask": None}
            elif held is not None:  # the first layer's mask is made from it
                kwargs = {**kwargs, "attention_mask": torch.cat([mask.gather(1, held), mask[:, self.whole :]], dim=1)}
        if held is None and not self.evicts:
            return kwargs
        return self.adapter.go_on(kwargs, self.length + self.layers[0].words(cache), self.whole - self.length)

    def _held(self) -> Tensor | None:
        """Rows of the whole prompt that the first layer holds; ``None`` when it holds all."""
        if self.first is None or self.rows is None:
            return self.rows if self.first is None else self.first
        return self.rows.gather(1, self.first)

    def reduce(self, hidden: Tensor, attention: Attention, layer: int) -> tuple[Tensor, Tokens]:
        """Let the method reduce the image tokens: the shorter sequence, in its old order, and the tokens."""
        text, image = self.places()
        x = gather(hidden, image)
        before = Tokens(
            x, size=self.size, first_sample=self.first_sample, original=self.image_tokens, memory=self.memory
        )
        after = self.method.reduce(before, attention, layer)
        self.memory, self.size = after.memory, after.size
        if not after.moves:
            return (hidden if after.x is x else self._replaced(hidden, after.x)), after
        if after.there is not None:
            raise PrunariumError("samples of this batch keep different numbers of image tokens; run them one at a time")
        place = follow(image, after.moves)
        if bool((place == DROPPED).any()):
            if self.method.positions == "kept":
                raise PrunariumError("a token that takes no old token's place has no position in a language model")
            place = place.where(place != DROPPED, image[:, -1:])  # behind the image
        places, order = torch.cat([text, place], dim=1).sort(dim=1, stable=True)
        shorter = gather(torch.cat([gather(hidden, text), after.x], dim=1), order)
        self.kept = places if self.kept is None else self.kept.gather(1, places)
        from_text = order < text.shape[1]
        self.text, self.image = _split(from_text)
        self.count = after.count
        return shorter, after

    @property
    def evicting(self) -> VlmMethod:
        """The method, of which it is known that it evicts."""
        assert isinstance(self.method, VlmMethod)
        return self.method

    def weigh(self, attention: Attention, layer: int, cache: Any) -> None:
        """Ask the method what matters in a layer that has just run and, after the last one, what to evict."""
        with self.handle.watch():
            weight = self.evicting.weigh(attention, layer)
            self.weights.append(by_key_head(weight, cache.layers[layer].keys.shape[1]))
            if len(self.weights) == len(self.layers):
                whole = [one.entries(cache) for one in self.layers]
                left = self.evicting.evict(whole, self.weights)
        if len(self.weights) < len(self.layers):
            return
        for one, before, entries in zip(self.layers, whole, left, strict=True):
            one.hold(before, entries, cache)
            record = self.handle.records[one.index]
            seen = entries.lengths.double().mean().item()
            self.handle.records[one.index] = record._replace(cached=entries.image_count, seen=seen, room=entries.count)

    def _replaced(self, hidden: Tensor, image: Tensor) -> Tensor:
        """The sequence with other image tokens in the places of the old ones."""
        _, places = self.places()
        return hidden.scatter(1, places.unsqueeze(-1).expand_as(image), image)

    def places(self) -> tuple[Tensor, Tensor]:
        """Positions of the text and of the image in the sequence as it is now."""
        if self.text is None or self.image is None:
            assert self.where is not None
            self.text, self.image = _split(~self.where)
        return self.text, self.image

    def of_image_tokens(self, entered: Tensor | None) -> Tensor:
        """Of what is known of each image token that entered ``[batch, entered, ...]``, that of those that are left."""
        assert self.where is not None and entered is not None
        rows = self.places()[1]
        rows = rows if self.kept is None else self.kept.gather(1, rows)
        index = (self.where.cumsum(dim=1) - 1).gather(1, rows)
        return gather(entered.flatten(2), index) if entered.ndim > 2 else entered.gather(1, index)

    def there(self, count: int) -> Tensor:
        """Which of the ``count`` tokens of the sequence as it is now are no padding ``[batch, tokens]``."""
        if self.real is None:
            where = self.places()[1]
            return torch.ones(len(where), count, dtype=torch.bool, device=where.device)
        return self.real if self.kept is None else self.real.gather(1, self.kept)

    def question(self) -> tuple[Tensor, Tensor]:
        """Positions of the text after the last image ``[batch, text]``, and which are meant ``[batch, text]``.

        Samples may have questions of different lengths, which all end where the sequence ends.
        """
        text, image = self.places()
        length = text.shape[1] + image.shape[1]
        first = image[:, -1:] + 1
        columns = torch.arange(int(first.min()), length, device=image.device).expand(len(image), -1)
        return columns, columns >= first

    def record(self, block: int, count: int, moves: tuple[Move, ...]) -> None:
        """Note what happened before a layer."""
        if block == 0:
            count, moves, self.first = self.image_tokens, (*self.entered, *moves), self.kept
        self.handle.records.append(BlockRecord(block, count, self.count, self.count, moves))


def _split(is_text: Tensor) -> tuple[Tensor, Tensor]:
    """Positions of the text and of the image ``[batch, tokens]``."""
    text, image = (which.nonzero()[:, 1].view(len(which), int(which[0].sum())) for which in (is_text, ~is_text))
    return text, image


def _share_out(pictures: list[Picture], where: Tensor) -> list[list[Picture]]:
    """The pictures of each sample, in their order."""
    left = iter(pictures)
    shares = []
    for count in where.sum(dim=1).tolist():
        share: list[Picture] = []
        while sum(one.placeholders for one in share) < count:
            share.append(next(left))
        shares.append(share)
    return shares


def _rows_left(where: Tensor, share: list[Picture]) -> Tensor:
    """Rows of one prompt that are left, each image's in the order of its tokens ``[tokens]``."""
    text = (~where).nonzero()[:, 0]
    placeholders = where.nonzero()[:, 0].split([one.placeholders for one in share])
    chosen = [
        rows[one.slots.where(one.slots != DROPPED, len(rows) - 1)]
        for rows, one in zip(placeholders, share, strict=True)
    ]
    firsts = [rows[:1].expand(len(one)) for rows, one in zip(placeholders, chosen, strict=True)]
    # a whole image sorts by where it begins, its tokens stay in the order that the method gave them
    order = torch.cat([text, *firsts]).argsort(stable=True)
    return torch.cat([text, *chosen])[order]


def _as_move(shares: list[list[Picture]]) -> Move:
    """What happened to the image tokens of each sample, as one move."""

    def position() -> Tensor:
        return torch.stack([_joined([(one.slots, one.placeholders) for one in share]) for share in shares])

    def group() -> Tensor:
        return torch.stack([_joined([(one.home(), len(one.slots)) for one in share]) for share in shares])

    return Move(position, group)


def _joined(parts: list[tuple[Tensor, int]]) -> Tensor:
    """Numbers of several images, each counted up to a length, as numbers in their sequence; ``DROPPED`` stays."""
    joined, start = [], 0
    for numbers, length in parts:
        joined.append(torch.where(numbers == DROPPED, DROPPED, numbers + start))
        start += length
    return torch.cat(joined)
