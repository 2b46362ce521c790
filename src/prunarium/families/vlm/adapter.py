"""A method's way into a vision-language model of transformers; what the model classes share."""

import functools
import inspect
import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families.base import Shape, TokenMethod
from prunarium.families.caching.refusals import check_attention, no_labels, whole_prompts_only
from prunarium.families.handle import Handle
from prunarium.families.learned import parts_for
from prunarium.families.vlm.attention import BEFORE
from prunarium.families.vlm.layer import ReducingLayer
from prunarium.families.vlm.pictures import Picture
from prunarium.families.vlm.prompt import Prompt
from prunarium.families.vlm.tower import Layout, Tower
from prunarium.ops import Tokens

LANGUAGE_MODELS = ("LlamaModel", "MistralModel", "Qwen2Model", "Qwen2_5_VLTextModel")
INSIDE = BEFORE | {
    "ahead_attention",
    "question",
    "question_there",
    "image_places",
    "prompt_there",
    "image_cells",
    "marked",
    "added",
}


class VlmAdapter(ABC):
    """One method and one model of one class.

    Tokens are dropped while the prompt is read. With a cache, each layer keeps the tokens that it had; without one
    every step reads the whole sequence as a new prompt, and reduces it anew.

    Attributes:
        renumbers: whether positions of the language model are plain numbers, so that they can be counted anew.
        alike: whether every image is one tile, so that all have equally many tokens.
    """

    supported: str
    renumbers: ClassVar[bool] = True
    alike: ClassVar[bool] = False

    def __init__(self, method: TokenMethod, model: Any) -> None:
        self.method, self.model = method, model
        self.language = model.model.language_model
        _check_language(self.language)
        self.image_token = model.config.image_token_id
        self.first_sample = 0
        self.encodes = method.writes("encode")
        # where a patch is in its image is known as it enters
        self.enters = self.encodes or method.writes("project") or bool({"image_cells", "added"} & method.needs)
        self.offers = INSIDE | self.tower_offers()
        self.shape = Shape(
            "vlm",
            depth=len(self.language.layers),
            prefix=0,
            tokens=None,
            stages=(0,),
            dim=self.language.config.hidden_size,
            **self.tower_shape(),
        )

    @staticmethod
    @abstractmethod
    def fits(model: nn.Module) -> bool:
        """Whether it is a stock model of the class."""

    def tower_offers(self) -> frozenset[str]:
        """What the vision tower has for ``encode``."""
        return frozenset()

    def tower_shape(self) -> dict[str, Any]:
        """What the shape says of the vision tower."""
        return {}

    def check_placeholders(self, found: int, kwargs: dict[str, Any]) -> None:
        """Refuse a prompt whose placeholders are not as many as its images have tokens."""
        ready = _ready(kwargs)
        due = self.placeholders(kwargs) if ready is None else sum(map(len, ready))
        if found == due:
            return
        if not due:
            raise PrunariumError(f"the prompt has {found} image placeholders and no image; pass pixel_values")
        if not found:
            raise PrunariumError(f"the prompt has no place for its image: there is no token {self.image_token} in it")
        raise PrunariumError(
            f"the prompt has {found} image placeholders and its images make {due} tokens: the processor does not match "
            "the model"
        )

    def pictures_of(self, kwargs: dict[str, Any]) -> list[Picture]:
        """The images of a prompt, reduced now or, by ``generate``, before.

        Raises:
            PrunariumError: they went through the vision tower before the method was applied.
        """
        ready = _ready(kwargs)
        if ready is None:
            return self.pictures(kwargs)
        if not all(isinstance(one, Picture) for one in ready):
            raise PrunariumError("these mm_encoder_outputs are of the model without the method; pass pixel_values")
        return ready

    def _features(self) -> Callable[..., Any]:
        """``get_image_features`` with the method in it: ``generate`` encodes images once, before it reads prompts."""
        from transformers.modeling_outputs import BaseModelOutputWithPooling

        inner = self.model.model
        original = inner.get_image_features

        @functools.wraps(original)
        def features(*args: Any, **kwargs: Any) -> Any:
            self.first_sample = self.handle.samples
            given = inspect.signature(original).bind(*args, **kwargs).arguments
            return BaseModelOutputWithPooling(pooler_output=self.pictures(given))

        return features

    @abstractmethod
    def placeholders(self, kwargs: dict[str, Any]) -> int:
        """How many tokens the images make when nothing is dropped."""

    @abstractmethod
    def pictures(self, kwargs: dict[str, Any]) -> list[Picture]:
        """The images, reduced before they enter the language model."""

    def encoded(self, tower: Tower, projector: Callable[[Tensor], Tensor]) -> Tokens:
        """The tokens of some tiles, reduced before the projector, after it ``[tiles, tokens, dim]``."""
        features = tower.states(tower.layer)
        before = Tokens(features, first_sample=self.first_sample, original=features.shape[1])
        with self.handle.watch():
            after = self.fitted.encode(before, tower)
        return replace(after, x=projector(after.x))

    def projected(self, tokens: Tokens, layout: Layout) -> Tokens:
        """The tokens of whole images ``[images, tokens, dim]``, reduced after the projector."""
        with self.handle.watch():
            return self.fitted.project(tokens, layout)

    def shorten(self, kwargs: dict[str, Any], rows: Tensor, features: Tensor) -> dict[str, Any]:
        """The model's arguments for a shorter prompt: the rows left of it ``[batch, rows]``, and what stands for the
        images ``[tokens, dim]``."""
        from transformers.modeling_outputs import BaseModelOutputWithPooling

        shorter = {name: value for name, value in kwargs.items() if name != "pixel_values"}
        shorter["input_ids"] = kwargs["input_ids"].gather(1, rows)
        shorter["mm_encoder_outputs"] = {"image": BaseModelOutputWithPooling(pooler_output=[features])}
        mask = kwargs.get("attention_mask")
        if isinstance(mask, Tensor):
            if mask.ndim != 2:
                raise PrunariumError("pass an attention_mask [batch, tokens]: the method changes the sequence")
            shorter["attention_mask"] = mask.gather(1, rows)
        if kwargs.get("position_ids") is not None:
            shorter["position_ids"] = _counted_on(kwargs["position_ids"], rows.shape[1])
        return shorter

    def go_on(self, kwargs: dict[str, Any], position: int, fewer: int) -> dict[str, Any]:
        """The model's arguments for the words after a shortened prompt.

        Args:
            kwargs: for the whole prompt.
            position: of the first of the words, in the shortened prompt.
            fewer: tokens that never entered the language model.
        """
        positions = kwargs.get("position_ids")
        if positions is None:
            ids = kwargs["input_ids"]
            return {**kwargs, "position_ids": torch.arange(ids.shape[1], device=ids.device).unsqueeze(0) + position}
        return {**kwargs, "position_ids": positions - fewer}

    def attach(self) -> Handle:
        """Put the method before the layers where it acts; later layers learn which tokens are left."""
        handle = Handle(self.method, self.model)
        self.handle, self.fitted = handle, self.method.fit(self.shape)
        handle.learned = parts_for(self.fitted, self.model)
        acting = set(self.method.acts_at(self.shape))
        prompt = Prompt(handle, self.fitted, self)
        handle.hook(self.model.register_forward_pre_hook(no_labels, with_kwargs=True))
        handle.hook(self.model.model.register_forward_pre_hook(prompt.read, with_kwargs=True))
        handle.patch(self.model, "generate", whole_prompts_only(self.model))
        if self.enters:
            handle.patch(self.model.model, "get_image_features", self._features())
        # layers before the one whose attention is looked at first run as they are: nothing has been dropped there yet
        quiet = range(1, 1 if prompt.evicts else min(acting, default=self.shape.depth + 1) - 1)
        layers = [
            ReducingLayer(layer, index, index in acting, prompt) for index, layer in enumerate(self.language.layers)
        ]
        layers[0].quiet = quiet
        for layer, reducing in zip(self.language.layers, layers, strict=True):
            if reducing.index not in quiet:
                handle.patch(layer, "forward", reducing.forward)
            if BEFORE & self.method.needs and (prompt.evicts or reducing.index + 1 in acting):
                handle.hook(layer.self_attn.q_proj.register_forward_hook(reducing.remember_queries))
                handle.hook(layer.self_attn.k_proj.register_forward_hook(reducing.remember_keys))
        prompt.layers = layers
        for before, after in itertools.pairwise(layers):
            after.previous = before
        return handle


def _ready(kwargs: dict[str, Any]) -> Any:
    """Images that have been through the vision tower already; ``None`` where there are none."""
    image = (kwargs.get("mm_encoder_outputs") or {}).get("image")
    return None if image is None else image.pooler_output


def _counted_on(positions: Tensor, count: int) -> Tensor:
    """Position ids of so many tokens, where there may be more than before ``[..., count]``."""
    more = max(count - positions.shape[-1], 0)
    following = positions[..., -1:] + torch.arange(1, more + 1, device=positions.device)
    return torch.cat([positions[..., :count], following], dim=-1)


def _check_language(language: Any) -> None:
    name, config = type(language).__name__, language.config
    if name not in LANGUAGE_MODELS:
        raise PrunariumError(
            f"a language model of class {name} is not supported; these are: {', '.join(LANGUAGE_MODELS)}"
        )
    check_attention(config)
