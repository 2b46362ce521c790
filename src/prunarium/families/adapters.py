"""Which adapter fits a model."""

from typing import TYPE_CHECKING, Protocol

from torch import nn

from prunarium.errors import PrunariumError
from prunarium.families.base import Shape, TokenMethod
from prunarium.families.handle import Handle

if TYPE_CHECKING:
    from collections.abc import Mapping


class Adapter(Protocol):
    """A method's way into one kind of model. It holds one method and one model."""

    supported: str
    shape: Shape
    offers: frozenset[str]

    def __init__(self, method: TokenMethod, model: nn.Module) -> None: ...

    @staticmethod
    def fits(model: nn.Module) -> bool:
        """Whether this is the kind of model."""
        ...

    def attach(self) -> Handle:
        """Put the method in."""
        ...


def _adapters() -> "Mapping[str, tuple[type[Adapter], ...]]":
    from prunarium.families.decoder.adapter import CausalLanguageModel
    from prunarium.families.encoder.hugging_face import TextEncoder
    from prunarium.families.vit.hf_vit import HuggingFaceVit
    from prunarium.families.vit.timm_vit import TimmVit
    from prunarium.families.vlm.llava import Llava
    from prunarium.families.vlm.llava_next import LlavaNext
    from prunarium.families.vlm.qwen_vl import QwenVl

    return {
        "vit": (TimmVit, HuggingFaceVit),
        "vlm": (Llava, LlavaNext, QwenVl),
        "encoder": (TextEncoder,),
        "decoder": (CausalLanguageModel,),
    }


def adapter_for(method: TokenMethod, model: nn.Module) -> Adapter:
    """The adapter that brings a method into a model.

    Raises:
        PrunariumError: no family of the method knows this model, or the model lacks what the method needs.
    """
    name, kind = type(method).__name__, type(model).__name__
    known = [adapter for family in method.families for adapter in _adapters()[family]]
    fitting = next((adapter for adapter in known if adapter.fits(model)), None)
    if fitting is None:
        supported = "; ".join(adapter.supported for adapter in known)
        raise PrunariumError(f"{name} does not work on {kind}; it works on: {supported}")
    adapter = fitting(method, model)
    missing = sorted(method.needs - adapter.offers)
    if missing:
        raise PrunariumError(f"{name} needs {missing[0]}, which this {kind} does not have{_why(missing[0])}")
    method.acts_at(adapter.shape)
    method.fit(adapter.shape)
    return adapter


def shape_of(method: TokenMethod, model: nn.Module) -> Shape:
    """What a method may know of a model before it runs."""
    return adapter_for(method, model).shape


def _why(need: str) -> str:
    return " (it has no cls token)" if need == "cls_attention" else ""
