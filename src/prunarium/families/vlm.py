"""The ``vlm`` family: methods that drop or merge image tokens inside the language model of a vision-language model."""

import itertools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families.base import Attention, Shape, TokenMethod
from prunarium.families.handle import BlockRecord, Handle
from prunarium.ops import DROPPED, Move, Tokens, gather
from prunarium.records import Family

if TYPE_CHECKING:
    from transformers import LlavaForConditionalGeneration


class VlmMethod(TokenMethod):
    """A method for vision-language models. ``reduce`` sees the image tokens before a layer of the language model."""

    families: ClassVar[tuple[Family, ...]] = ("vlm",)


class Llava:
    """transformers' ``LlavaForConditionalGeneration`` with a Llama language model.

    Tokens are dropped while the prompt is read. With a cache, the layers before the reduction keep every token, the
    others keep what is left; generated tokens carry the position they would have had without any reduction. Without a
    cache every step reads the whole sequence as a new prompt, and reduces it anew.
    """

    supported = "transformers LlavaForConditionalGeneration with a Llama language model"

    def __init__(self, method: TokenMethod, model: "LlavaForConditionalGeneration") -> None:
        language = model.model.language_model
        if type(language).__name__ != "LlamaModel":
            raise PrunariumError(f"a Llava with a {type(language).__name__} is not supported; with a LlamaModel it is")
        if model.config.text_config._attn_implementation not in ("sdpa", "eager"):
            raise PrunariumError("load the model with attn_implementation='sdpa' (or 'eager')")
        self.method, self.model = method, model
        self.shape = Shape(
            "vlm", depth=len(language.layers), prefix=0, tokens=None, stages=(2,), dim=language.config.hidden_size
        )
        self.offers = frozenset({"last_attention"})

    @staticmethod
    def fits(model: nn.Module) -> bool:
        """A stock Llava."""
        return type(model).__name__ == "LlavaForConditionalGeneration"

    def attach(self) -> Handle:
        """Put the method before the layers where it acts; later layers learn which tokens are left."""
        handle = Handle(self.method, self.model)
        language = self.model.model.language_model
        acting = set(self.method.acts_at(self.shape))
        prompt = _Prompt(handle, self.method.fit(self.shape), self.model.config.image_token_id)
        handle.hook(self.model.register_forward_pre_hook(_no_labels, with_kwargs=True))
        handle.hook(self.model.model.register_forward_pre_hook(prompt.read, with_kwargs=True))
        handle.patch(self.model, "generate", _whole_prompts_only(self.model))
        # layers before the one whose attention is looked at first run as they are: nothing has been dropped there yet
        quiet = range(1, min(acting, default=self.shape.depth + 1) - 1)
        layers = [_ReducingLayer(layer, index, index in acting, prompt) for index, layer in enumerate(language.layers)]
        layers[0].quiet = quiet
        for layer, reducing in zip(language.layers, layers, strict=True):
            if reducing.index not in quiet:
                handle.patch(layer, "forward", reducing.forward)
            if "last_attention" in self.method.needs and reducing.index + 1 in acting:
                handle.hook(layer.self_attn.q_proj.register_forward_hook(reducing.remember_queries))
                handle.hook(layer.self_attn.k_proj.register_forward_hook(reducing.remember_keys))
        for before, after in itertools.pairwise(layers):
            after.previous = before
        return handle


def _no_labels(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if kwargs.get("labels") is not None:
        raise PrunariumError("labels have no place while tokens are dropped; compute the loss from the logits")


def _whole_prompts_only(model: Any) -> Callable[..., Any]:
    """``generate`` without the options that read a prompt in pieces or take words back from the cache."""

    def generate(*args: Any, **kwargs: Any) -> Any:
        for option in ("prefill_chunk_size", "prompt_lookup_num_tokens", "assistant_model"):
            if kwargs.get(option) or getattr(kwargs.get("generation_config"), option, None):
                raise PrunariumError(f"generate({option}=...) is not supported while a method is applied")
        return type(model).generate(model, *args, **kwargs)

    return generate


class _Prompt:
    """Which tokens of the prompt are the image's, and which are still there."""

    def __init__(self, handle: Handle, method: TokenMethod, image_token: int) -> None:
        self.handle, self.method, self.image_token = handle, method, image_token
        self.first_sample = 0
        self.reading = False
        self.where: Tensor | None = None  # which tokens of the whole sequence are the image's [batch, tokens]
        self.count = self.image_tokens = 0  # now, and at first
        self.text: Tensor | None = None  # positions of the text in the sequence as it is now [batch, text]
        self.image: Tensor | None = None  # positions of the image tokens in it [batch, image tokens]
        self.kept: Tensor | None = None  # original position of every token in it; None while all are there
        self.cache: Callable[[], Any] = lambda: None  # a weak reference to the cache that was filled
        self.padding: Tensor | None = None  # which original tokens are real [batch, tokens]; None when all are

    def read(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Find the image before the model runs (a forward pre-hook of ``LlavaModel``)."""
        ids = args[0] if args else kwargs.get("input_ids")
        cache = kwargs.get("past_key_values")
        seen = cache.get_seq_length() if cache is not None else 0
        if ids is None:
            raise PrunariumError("pass input_ids, not inputs_embeds: the image is found by its placeholder ids")
        if getattr(cache, "is_compileable", False):
            raise PrunariumError("use a dynamic cache: a static one cannot hold fewer tokens in later layers")
        self.reading = seen == 0
        if not self.reading:
            if kwargs.get("pixel_values") is not None:
                raise PrunariumError("an image after the first prompt is not supported while a method is applied")
            if cache is not self.cache():
                raise PrunariumError("this cache is not of the last prompt read; finish one chat before the next")
            return
        where = ids == self.image_token
        if not len(ids):
            raise PrunariumError("the batch is empty; pass at least one prompt")
        self.first_sample = self.handle.begin(len(ids))
        self.kept = None
        self.padding = self._padding(kwargs.get("attention_mask"))
        counts = where.sum(dim=1).tolist()
        if len(set(counts)) > 1:
            raise PrunariumError(f"samples of one batch need equally many image tokens, not {counts}")
        self.where, self.count, self.image_tokens = where, counts[0], counts[0]
        self.text = self.image = None  # found when first needed: a method that acts nowhere costs nothing

    @staticmethod
    def _padding(mask: Any) -> Tensor | None:
        if not isinstance(mask, Tensor) or mask.ndim != 2 or bool(mask.all()):
            return None
        if not bool(mask[:, -1].all()):
            raise PrunariumError("pad on the left: the last token of every prompt must be real")
        return mask.bool()

    def reduce(self, hidden: Tensor, attention: Attention, layer: int) -> tuple[Tensor, Tokens]:
        """Let the method reduce the image tokens: the shorter sequence, in its old order, and the tokens."""
        if self.image is None or self.text is None:
            self.text, self.image = self._positions()
        before = Tokens(gather(hidden, self.image), first_sample=self.first_sample, original=self.image_tokens)
        after = self.method.reduce(before, attention, layer)
        if not after.moves:
            return hidden, after
        place = self.image
        for move in after.moves:
            if bool((move.position == DROPPED).any()):
                raise PrunariumError("a token that takes no old token's place cannot stand in a language model")
            place = place.gather(1, move.position)
        places, order = torch.cat([self.text, place], dim=1).sort(dim=1)
        shorter = gather(torch.cat([gather(hidden, self.text), after.x], dim=1), order)
        self.kept = places if self.kept is None else self.kept.gather(1, places)
        from_text = order < self.text.shape[1]
        self.text = from_text.nonzero()[:, 1].view(len(hidden), -1)
        self.image = (~from_text).nonzero()[:, 1].view(len(hidden), -1)
        self.count = after.count
        return shorter, after

    def _positions(self) -> tuple[Tensor, Tensor]:
        """Of the text and of the image in the whole sequence."""
        assert self.where is not None
        text, image = (which.nonzero()[:, 1].view(len(which), -1) for which in (~self.where, self.where))
        return text, image


class _ReducingLayer:
    """A Llama layer that may shorten the prompt before it runs, and sees mask and positions of what is left."""

    def __init__(self, layer: Any, index: int, acts: bool, prompt: _Prompt) -> None:
        self.layer, self.index, self.acts, self.prompt = layer, index, acts, prompt
        self.previous: _ReducingLayer | None = None
        self.quiet = range(0)
        self.columns: Tensor | None = None  # original positions of the prompt that this layer's cache holds
        self.prompt_length = 0
        self.queries: Tensor | None = None
        self.keys: Tensor | None = None
        self.rotary: tuple[Tensor, Tensor] | None = None

    def remember_queries(self, module: nn.Module, args: Any, output: Tensor) -> None:
        self.queries = output[:, -1:] if self.prompt.reading else None

    def remember_keys(self, module: nn.Module, args: Any, output: Tensor) -> None:
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
        prompt = self.prompt
        assert position_embeddings is not None
        if prompt.reading:
            if self.index == 0 and past_key_values is not None:
                prompt.cache = weakref.ref(past_key_values)
            hidden_states = self._shorten(hidden_states)
            self.columns, self.prompt_length = prompt.kept, position_embeddings[0].shape[1]
            if prompt.kept is not None:
                cos, sin = (part.expand(len(hidden_states), -1, -1) for part in position_embeddings)
                position_embeddings = gather(cos, prompt.kept), gather(sin, prompt.kept)
                if position_ids is not None:
                    position_ids = position_ids.expand(len(hidden_states), -1).gather(1, prompt.kept)
            self.rotary = position_embeddings
        return type(self.layer).forward(
            self.layer,
            hidden_states,
            attention_mask=self._mask(attention_mask),
            position_ids=position_ids,
            past_key_values=past_key_values,
            use_cache=use_cache,
            position_embeddings=position_embeddings,
            **kwargs,
        )

    def _shorten(self, hidden: Tensor) -> Tensor:
        prompt = self.prompt
        count = prompt.count
        moves: tuple[Move, ...] = ()
        if self.acts and count:
            offers = {"last_attention": self.previous.last_attention} if self.previous is not None else {}
            with prompt.handle.watch():
                hidden, after = prompt.reduce(hidden, Attention(prompt.method.needs, offers), self.index)
            moves = after.moves
        if self.previous is not None:
            self.previous.queries = self.previous.keys = self.previous.rotary = None
        left = prompt.count
        prompt.handle.records.append(BlockRecord(self.index, count, left, left, moves))
        prompt.handle.records += [BlockRecord(layer, left, left, left) for layer in self.quiet]
        return hidden

    def _mask(self, mask: Tensor | None) -> Tensor | None:
        """The rows and columns of a mask that belong to tokens this layer has."""
        if mask is None or self.columns is None:
            return mask
        later = torch.arange(self.prompt_length, mask.shape[-1], device=mask.device).expand(len(self.columns), -1)
        columns = torch.cat([self.columns, later], dim=1)[:, None, None, :]
        mask = mask.expand(len(self.columns), -1, -1, -1)
        if self.prompt.reading:
            rows = self.columns[:, None, :, None].expand(-1, mask.shape[1], -1, mask.shape[-1])
            mask = mask.gather(2, rows)
        return mask.gather(3, columns.expand(-1, mask.shape[1], mask.shape[2], -1))

    def last_attention(self) -> Tensor:
        """Attention of the last token to the image tokens in this layer ``[batch, heads, image tokens]``."""
        from transformers.models.llama.modeling_llama import rotate_half

        assert self.queries is not None and self.keys is not None and self.rotary is not None
        attn, prompt = self.layer.self_attn, self.prompt
        batch, count, _ = self.keys.shape
        keys = self.keys.view(batch, count, -1, attn.head_dim).transpose(1, 2)
        query = self.queries.view(batch, 1, -1, attn.head_dim).transpose(1, 2)
        cos, sin = (part.unsqueeze(1) for part in self.rotary)
        keys = keys * cos + rotate_half(keys) * sin
        query = query * cos[:, :, -1:] + rotate_half(query) * sin[:, :, -1:]
        query = query.view(batch, keys.shape[1], -1, attn.head_dim)  # heads that share keys side by side
        logits = query @ keys.transpose(-2, -1) * attn.scaling
        if prompt.padding is not None:
            real = prompt.padding if prompt.kept is None else prompt.padding.gather(1, prompt.kept)
            logits = logits.masked_fill(~real[:, None, None, :], -torch.inf)
        rows = logits.softmax(dim=-1).flatten(1, 2)
        assert prompt.image is not None
        return rows.gather(2, prompt.image.unsqueeze(1).expand(-1, rows.shape[1], -1))
