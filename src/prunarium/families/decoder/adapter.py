"""A method's way into a causal language model of transformers."""

from typing import Any

from torch import nn

from prunarium.errors import PrunariumError
from prunarium.families.base import Shape, TokenMethod
from prunarium.families.caching.refusals import check_attention, no_labels, whole_prompts_only
from prunarium.families.caching.rows import ROWS
from prunarium.families.decoder.anatomy import ANATOMIES
from prunarium.families.decoder.deferring import Deferring
from prunarium.families.decoder.method import DecoderMethod
from prunarium.families.decoder.reading import Reading
from prunarium.families.decoder.routing import RoutedLayer
from prunarium.families.decoder.shortlisting import Shortlisting
from prunarium.families.decoder.skipping import SkippingLayer
from prunarium.families.decoder.vocabulary import trim
from prunarium.families.handle import Handle
from prunarium.families.learned import parts_for

TURNING = ("default", "linear", "llama3", "yarn", "proportional")
"""Kinds of rotary embedding whose angles depend on a position alone, so that keys can be turned to another."""


class CausalLanguageModel:
    """One method and one causal language model.

    The prompt is read as ever. What the method leaves of its cache is what words after it see, at the positions that
    they would have had, or, where the method says so, at their places in the cache.
    """

    alike = False  # prompts differ in length
    supported = f"transformers {', '.join(ANATOMIES)}"

    def __init__(self, method: TokenMethod, model: Any) -> None:
        self.method, self.model = method, model
        self.anatomy = ANATOMIES[type(model).__name__]
        self.offers = ROWS | {"hidden", "notes"} | ({"coming_rotary"} if self.anatomy.rotary else set())
        config, reader = model.config, self.anatomy.reader(model)
        check_attention(config)
        if isinstance(method, DecoderMethod) and method.by_slot:
            self._check_turning(config)
        self.shape = Shape(
            "decoder",
            depth=len(reader.layers),
            prefix=0,
            tokens=None,
            stages=(),
            dim=config.hidden_size,
            projections=self.anatomy.projections(model),
        )

    @staticmethod
    def fits(model: nn.Module) -> bool:
        """Whether it is a stock model of one of the classes."""
        return type(model).__name__ in ANATOMIES

    def attach(self) -> Handle:
        """Put the method beside every layer's attention."""
        handle, method = Handle(self.method, self.model), self.method.fit(self.shape)
        handle.learned = parts_for(method, self.model)
        if isinstance(method, DecoderMethod) and method.writes("pass_on"):
            Deferring(handle, method, self.model, self.anatomy).attach()
            return handle
        reading = Reading(handle, method, self.model, self.anatomy)
        handle.hook(reading.reader.register_forward_pre_hook(reading.begin, with_kwargs=True))
        if reading.method is not None:
            if reading.holds:
                self._shorten(reading, reading.method)
            self._act(reading, reading.method)
        return handle

    def _shorten(self, reading: Reading, method: DecoderMethod) -> None:
        """Let a method have a hand in the cache."""
        handle = reading.handle
        handle.patch(self.model, "generate", whole_prompts_only(self.model, method.beams))
        for layer in reading.layers:
            layer.attach(handle)
        if method.skips:
            for inner, outer in zip(reading.layers, reading.reader.layers, strict=True):
                SkippingLayer(outer, inner).attach(handle)
        if method.selecting_layer is not None or method.compresses:
            handle.hook(self.model.register_forward_pre_hook(no_labels, with_kwargs=True))

    def _act(self, reading: Reading, method: DecoderMethod) -> None:
        """Let a method act on layers and on the head."""
        handle = reading.handle
        if method.writes("route"):
            for index, layer in enumerate(reading.reader.layers):
                RoutedLayer(layer, index, reading, method).attach(handle)
        allowed = method.vocabulary()
        if allowed is not None:
            trim(self.model.get_output_embeddings(), allowed, handle)
        if method.shortlisting_layer is not None:
            Shortlisting(reading, self.model, method.shortlisting_layer).attach(handle)

    def _check_turning(self, config: Any) -> None:
        name, kind = type(self.method).__name__, type(self.model).__name__
        if not self.anatomy.rotary:
            raise PrunariumError(f"{name} turns keys to their place in the cache, and {kind} has no rotary embedding")
        turning = (getattr(config, "rope_parameters", None) or {}).get("rope_type", "default")
        if turning not in TURNING:
            raise PrunariumError(
                f"{name} turns keys to their place in the cache, which a rotary embedding of type '{turning}' forbids"
            )
