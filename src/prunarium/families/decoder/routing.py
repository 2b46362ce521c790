"""Layers that work on some tokens while a model is trained, and let the others pass."""

from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from prunarium.families.caching.masks import of_tokens
from prunarium.families.decoder.method import DecoderMethod
from prunarium.families.handle import BlockRecord, Handle
from prunarium.ops import gather

if TYPE_CHECKING:
    from prunarium.families.decoder.reading import Reading


class RoutedLayer:
    """One layer of a decoder."""

    def __init__(self, layer: nn.Module, index: int, reading: "Reading", method: DecoderMethod) -> None:
        self.layer, self.number, self.reading, self.method = layer, index, reading, method
        self.index: Tensor | None = None  # the tokens that the layer works on
        self.hidden: Tensor | None = None  # what entered it

    def attach(self, handle: Handle) -> None:
        """Hook on to the layer."""
        handle.hook(self.layer.register_forward_pre_hook(self.before, with_kwargs=True))
        # before any other hook, such as those by which transformers collects hidden states
        handle.hook(self.layer.register_forward_hook(self.after, prepend=True))

    def before(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Hand the layer the tokens that it works on (a forward pre-hook)."""
        if not self.reading.trained:
            return None
        hidden, *others = args
        index = self.index = self.method.route(hidden, self.number)
        count = hidden.shape[1]
        worked = count if index is None else index.shape[1]
        self.reading.handle.records.append(BlockRecord(self.number, count, worked, worked))
        if index is None:
            return None
        self.hidden = hidden
        mask = of_tokens(kwargs.get("attention_mask"), index)
        return (gather(hidden, index), *others), {**placed(kwargs, index), "attention_mask": mask}

    def after(self, module: nn.Module, args: tuple[Any, ...], output: Tensor) -> Tensor | None:
        """Put what the layer gave among the tokens that passed it by (a forward hook)."""
        if self.index is None or self.hidden is None:
            return None
        whole = self.hidden.scatter(1, self.index.unsqueeze(-1).expand_as(output), output)
        self.index = self.hidden = None
        return whole


def placed(kwargs: dict[str, Any], index: Tensor) -> dict[str, Any]:
    """A layer's arguments, with the positions of some tokens.

    Args:
        kwargs: of all tokens.
        index: numbers of the tokens ``[batch, some]``.
    """
    kwargs = dict(kwargs)
    if kwargs.get("position_ids") is not None:
        kwargs["position_ids"] = kwargs["position_ids"].expand(len(index), -1).gather(1, index)
    if kwargs.get("position_embeddings") is not None:
        turns = (part.expand(len(index), -1, -1) for part in kwargs["position_embeddings"])
        kwargs["position_embeddings"] = tuple(gather(part, index) for part in turns)
    return kwargs
