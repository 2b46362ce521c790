"""The ``encoder`` family on the text encoders of Hugging Face transformers."""

from functools import partial
from typing import Any

from torch import nn

from prunarium.errors import PrunariumError
from prunarium.families.base import Shape, TokenMethod
from prunarium.families.blocks.block import OFFERS
from prunarium.families.blocks.installing import install, stages
from prunarium.families.blocks.projected import refuse_what_would_be_wrong
from prunarium.families.encoder.layer import BertHalves, DistilBertHalves, ReducingLayer
from prunarium.families.encoder.passage import TextPassage
from prunarium.families.handle import Handle

HALVES = {"Bert": BertHalves, "Roberta": BertHalves, "DistilBert": DistilBertHalves}
HEADS = ("Model", "ForSequenceClassification", "ForQuestionAnswering", "ForTokenClassification")
MODELS = {f"{kind}{head}": kind for kind in HALVES for head in HEADS}
"""The supported classes, and which kind each is of."""


class TextEncoder:
    """transformers' BERT, RoBERTa and DistilBERT: the models themselves, and their heads for classes, answers, tags.

    Outputs keep their length. ``output_hidden_states`` gives what each layer left, which is shorter.
    """

    supported = f"transformers {', '.join(HALVES)}: {', '.join(HEADS)}"

    def __init__(self, method: TokenMethod, model: Any) -> None:
        trunk = getattr(model, model.base_model_prefix, model)
        config = trunk.config
        refuse_what_would_be_wrong(model, config)
        if getattr(config, "is_decoder", False) or getattr(config, "add_cross_attention", False):
            raise PrunariumError(f"this {type(model).__name__} is a decoder (is_decoder); methods work on encoders")
        self.method, self.model, self.trunk = method, model, trunk
        self.layers = (trunk.encoder if hasattr(trunk, "encoder") else trunk.transformer).layer
        depth = len(self.layers)
        self.shape = Shape("encoder", depth, 1, None, stages(depth), config.hidden_size)
        self.offers = OFFERS | {"cls_attention"}

    @staticmethod
    def fits(model: nn.Module) -> bool:
        """One of transformers' text encoders, not a class derived from it."""
        return type(model).__name__ in MODELS and type(model).__module__.startswith("transformers.")

    def attach(self) -> Handle:
        """Put the method into every layer."""
        kind = type(self.model).__name__
        passage_of = partial(TextPassage, reads_first=kind.endswith("ForSequenceClassification"))
        halves = HALVES[MODELS[kind]]
        handle, passage = install(self.method, self.model, self.layers, halves, self.shape, passage_of, ReducingLayer)
        assert isinstance(passage, TextPassage)
        handle.hook(self.trunk.register_forward_pre_hook(passage.read_mask, with_kwargs=True))
        return handle
