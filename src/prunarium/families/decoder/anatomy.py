"""Where the parts of a model class are."""

from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class Anatomy:
    """Where a causal language model of transformers has its parts.

    Attributes:
        inner: path of the module that reads tokens and runs the layers.
        attention: name of a layer's attention.
        cache: the attention's argument that holds the cache.
        queries: the module of the attention after which queries lack nothing but their rotary embedding.
        fused: whether that module makes keys and values too.
        rotary: whether positions are rotary embeddings.
        norm: name of the normalisation behind the last layer; there may be none.
        adapted: the modules of the attention beside which adapters of low rank are put.
    """

    inner: str = "model"
    attention: str = "self_attn"
    cache: str = "past_key_values"
    queries: str = "q_proj"
    fused: bool = False
    rotary: bool = True
    norm: str = "norm"
    adapted: tuple[str, ...] = ("q_proj", "v_proj")

    def reader(self, model: Any) -> Any:
        """The module that reads tokens and runs the layers."""
        return attrgetter(self.inner)(model)

    def finished(self, reader: Any, hidden: Tensor) -> Tensor:
        """What the model's head would read of a layer's output, were it the last ``[batch, tokens, dim]``."""
        for name in (self.norm, "project_out"):
            module = getattr(reader, name, None)
            hidden = hidden if module is None else module(hidden)
        return hidden

    def projections(self, model: Any) -> tuple[tuple[str, int, int], ...]:
        """Names of the modules that are ``adapted``, with the widths of what enters and leaves them."""
        attention = getattr(self.reader(model).layers[0], self.attention)
        found = ((name, getattr(attention, name)) for name in self.adapted)
        return tuple((name, module.in_features, module.out_features) for name, module in found)

    def split(self, output: Tensor, heads: int) -> Tensor:
        """Queries ``[batch, heads, tokens, head dim]``, of what the module that makes them gave."""
        parts = output.flatten(2).unflatten(-1, (heads, -1)).transpose(1, 2)
        return parts[..., : parts.shape[-1] // 3] if self.fused else parts


ANATOMIES = {
    "LlamaForCausalLM": Anatomy(),
    "MistralForCausalLM": Anatomy(),
    "Qwen2ForCausalLM": Anatomy(),
    "Qwen3ForCausalLM": Anatomy(queries="q_norm"),
    "GPTNeoXForCausalLM": Anatomy(
        "gpt_neox",
        "attention",
        "layer_past",
        "query_key_value",
        fused=True,
        norm="final_layer_norm",
        adapted=("query_key_value",),
    ),
    "OPTForCausalLM": Anatomy("model.decoder", rotary=False, norm="final_layer_norm"),
}
"""The classes that the family knows, by name."""
