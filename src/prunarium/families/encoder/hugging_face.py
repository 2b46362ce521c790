"""The ``encoder`` family on the text encoders of Hugging Face transformers."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from torch import nn

from prunarium.errors import PrunariumError
from prunarium.families.base import Shape, TokenMethod
from prunarium.families.blocks.block import OFFERS, Halves, ReducingBlock
from prunarium.families.blocks.installing import install, stages
from prunarium.families.blocks.projected import refuse_what_would_be_wrong
from prunarium.families.encoder import deberta
from prunarium.families.encoder.deberta import DebertaHalves, DebertaLayer
from prunarium.families.encoder.layer import BertHalves, DistilBertHalves
from prunarium.families.encoder.passage import TextPassage
from prunarium.families.handle import Handle


class Kind(NamedTuple):
    """How a method gets into the layers of a kind of encoder: their halves, their forward pass, and what they offer."""

    halves: Callable[[Any], Halves]
    layer: type[ReducingBlock]
    offers: frozenset[str]


KINDS = {
    "Bert": Kind(BertHalves, ReducingBlock, OFFERS | {"cls_attention"}),
    "Roberta": Kind(BertHalves, ReducingBlock, OFFERS | {"cls_attention"}),
    "DistilBert": Kind(DistilBertHalves, ReducingBlock, OFFERS | {"cls_attention"}),
    "DebertaV2": Kind(DebertaHalves, DebertaLayer, deberta.OFFERS),
}
HEADS = ("Model", "ForSequenceClassification", "ForQuestionAnswering", "ForTokenClassification", "ForMaskedLM")
MODELS = {f"{kind}{head}": KINDS[kind] for kind in KINDS for head in HEADS}
"""The supported classes."""


class TextEncoder:
    """transformers' BERT, RoBERTa, DistilBERT and DeBERTa-v2, with and without their heads.

    Outputs keep their length. ``output_hidden_states`` gives what each layer left, which is shorter.
    """

    alike = False  # texts differ in length
    supported = f"transformers {', '.join(KINDS)}: {', '.join(HEADS)}"

    def __init__(self, method: TokenMethod, model: Any) -> None:
        self.method, self.model = method, model
        self.trunk = getattr(model, model.base_model_prefix, model)
        self.kind = MODELS[type(model).__name__]
        refuse_what_would_be_wrong(model, self.trunk.config)
        _refuse_decoders_and_convolutions(self.trunk)
        if method.size_bias and self.kind.layer is DebertaLayer:
            raise PrunariumError("DeBERTa's attention cannot count a merged token several times; use BERT")
        self.layers = (self.trunk.encoder if hasattr(self.trunk, "encoder") else self.trunk.transformer).layer
        depth = len(self.layers)
        self.shape = Shape("encoder", depth, 1, None, stages(depth), self.trunk.config.hidden_size)
        self.offers = self.kind.offers | {"token_ids"}

    @staticmethod
    def fits(model: nn.Module) -> bool:
        """One of transformers' text encoders, not a class derived from it."""
        return type(model).__name__ in MODELS and type(model).__module__.startswith("transformers.")

    def attach(self) -> Handle:
        """Put the method into every layer."""
        reads_first = type(self.model).__name__.endswith("ForSequenceClassification")
        passage_of = partial(TextPassage, reads_first=reads_first)
        handle, passage = install(
            self.method, self.model, self.layers, self.kind.halves, self.shape, self.kind.layer, passage_of
        )
        assert isinstance(passage, TextPassage)
        handle.hook(self.trunk.register_forward_pre_hook(passage.read_inputs, with_kwargs=True))
        return handle


def _refuse_decoders_and_convolutions(trunk: Any) -> None:
    if getattr(trunk.config, "is_decoder", False) or getattr(trunk.config, "add_cross_attention", False):
        raise PrunariumError(f"this {type(trunk).__name__} is a decoder (is_decoder); the method works on encoders")
    if getattr(getattr(trunk, "encoder", None), "conv", None) is not None:
        raise PrunariumError(
            "this DeBERTa convolves neighbouring tokens (conv_kernel_size), and dropping tokens would part "
            "them; use a checkpoint without, such as deberta-v3"
        )
