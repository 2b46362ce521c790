"""The ``vit`` family on the vision transformers of Hugging Face transformers."""

from typing import Any

import torch
from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families.base import Shape, TokenMethod
from prunarium.families.handle import Handle
from prunarium.families.vit.block import OFFERS, Halves
from prunarium.families.vit.installing import install, stages
from prunarium.families.vit.passage import Passage

TRUNKS = {
    "ViTModel": "",
    "ViTForImageClassification": "vit",
    "DeiTModel": "",
    "DeiTForImageClassification": "deit",
    "DeiTForImageClassificationWithTeacher": "deit",
    "Dinov2Model": "",
    "Dinov2ForImageClassification": "dinov2",
    "Dinov2WithRegistersModel": "",
    "Dinov2WithRegistersForImageClassification": "dinov2_with_registers",
    "CLIPVisionModel": "",
    "CLIPVisionModelWithProjection": "vision_model",
    "SiglipVisionModel": "",
}
"""Where each supported class keeps its blocks."""


class HuggingFaceVit:
    """transformers' ViT, DeiT, DINOv2 (with registers too), CLIP vision and SigLIP vision models."""

    supported = f"transformers {', '.join(TRUNKS)}"

    def __init__(self, method: TokenMethod, model: Any) -> None:
        trunk = getattr(model, TRUNKS[type(model).__name__]) if TRUNKS[type(model).__name__] else model
        config = trunk.config
        if config._attn_implementation not in ("sdpa", "eager"):
            raise PrunariumError("load the model with attn_implementation='sdpa' (or 'eager')")
        if any(getattr(module, "gradient_checkpointing", False) for module in model.modules()):
            raise PrunariumError(
                "gradient checkpointing runs blocks twice; call gradient_checkpointing_disable() first"
            )
        self.method, self.model, self.trunk = method, model, trunk
        self.blocks = _blocks(trunk)
        prefix, depth = _prefix(trunk), len(self.blocks)
        patches = (config.image_size // config.patch_size) ** 2
        self.shape = Shape("vit", depth, prefix, patches + prefix, stages(depth), config.hidden_size)
        self.offers = OFFERS | {"cls_attention"} if prefix else OFFERS

    @staticmethod
    def fits(model: nn.Module) -> bool:
        """One of transformers' vision models, not a class derived from it."""
        return type(model).__name__ in TRUNKS and type(model).__module__.startswith("transformers.")

    def attach(self) -> Handle:
        """Put the method into every block, and its token sizes into the pooling."""
        handle, passage = install(self.method, self.model, self.blocks, _HuggingFaceHalves, self.shape)
        if hasattr(self.trunk, "head"):
            handle.patch(self.trunk.head, "forward", _SizedHead(self.trunk.head, passage).forward)
        if type(self.trunk).__name__.startswith("Dinov2") and hasattr(self.model, "classifier"):
            mean = _SizedMean(passage, self.shape.prefix)
            handle.hook(self.trunk.register_forward_hook(mean.remember))
            handle.hook(self.model.classifier.register_forward_pre_hook(mean.replace))
        return handle


def _blocks(trunk: Any) -> Any:
    holder = getattr(trunk, "encoder", trunk)
    return holder.layer if hasattr(holder, "layer") else holder.layers


def _prefix(trunk: Any) -> int:
    """Tokens before those of the patches."""
    names = ("cls_token", "class_embedding", "distillation_token")
    single = sum(hasattr(trunk.embeddings, name) for name in names)
    return single + getattr(trunk.config, "num_register_tokens", 0)


class _HuggingFaceHalves(Halves):
    """A block of transformers. Its attention module runs as it is, with fused attention if the model was loaded so."""

    def __init__(self, block: Any) -> None:
        self.block = block
        self.attn = getattr(block, "attention", None) or block.self_attn
        self.scale = self.attn.head_dim**-0.5
        self.norm1, self.norm2 = (_first(block, names) for names in _NORMS)
        self.out = _first(self.attn, ("o_proj", "out_proj"))
        self._seen: dict[str, Tensor] = {}

    def attend(self, x: Tensor, bias: Tensor | None) -> Tensor:
        return x + self._branch(self.attn(self.norm1(x), attention_mask=bias)[0], "layer_scale1")

    def attend_with(self, x: Tensor, matrix: Tensor) -> Tensor:
        values = self._heads(self.attn.v_proj(self.norm1(x)))
        return x + self._branch(self.out((matrix @ values).transpose(1, 2).flatten(2)), "layer_scale1")

    def feed(self, x: Tensor) -> Tensor:
        return x + self._branch(self.block.mlp(self.norm2(x)), "layer_scale2")

    def _branch(self, x: Tensor, scale: str) -> Tensor:
        """What stands between a half and its residual: LayerScale, dropout, stochastic depth."""
        for name in (scale, "dropout", "drop_path"):
            module = getattr(self.block, name, None)
            x = module(x) if isinstance(module, nn.Module) else x
        return x

    def queries_and_keys(self, x: Tensor) -> tuple[Tensor, Tensor]:
        normed = self.norm1(x)
        return self._heads(self.attn.q_proj(normed)), self._heads(self.attn.k_proj(normed))

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (-1, self.attn.head_dim)).transpose(1, 2)

    def remember(self, handle: Handle, needs: frozenset[str]) -> None:
        wanted = {part for need in needs for part in _PARTS.get(need, ())}
        for part in wanted & {"q_proj", "k_proj", "v_proj"}:
            handle.hook(getattr(self.attn, part).register_forward_hook(_Remember(self._seen, part)))
        if "out" in wanted:
            handle.hook(self.out.register_forward_pre_hook(_RememberInput(self._seen)))

    def forget(self) -> None:
        self._seen.clear()

    def _part(self, name: str) -> Tensor:
        assert name in self._seen, "read only inside reduce"
        return self._heads(self._seen[name])

    @property
    def queries(self) -> Tensor:
        return self._part("q_proj")

    @property
    def keys(self) -> Tensor:
        return self._part("k_proj")

    @property
    def values(self) -> Tensor:
        return self._part("v_proj")

    @property
    def head_outputs(self) -> Tensor:
        return self._part("out")


_NORMS = (("layernorm_before", "norm1", "layer_norm1"), ("layernorm_after", "norm2", "layer_norm2"))
_QUERIES_AND_KEYS = ("q_proj", "k_proj")
_PARTS = {
    "keys": ("k_proj",),
    "values": ("v_proj",),
    "head_outputs": ("out",),
    "logits": _QUERIES_AND_KEYS,
    "cls_attention": _QUERIES_AND_KEYS,
    "full_attention": _QUERIES_AND_KEYS,
    "received_attention": _QUERIES_AND_KEYS,
}
"""What must be kept of the attention for each need."""


def _first(module: nn.Module, names: tuple[str, ...]) -> Any:
    return next(getattr(module, name) for name in names if hasattr(module, name))


class _Remember:
    """A forward hook that keeps a projection's output."""

    def __init__(self, seen: dict[str, Tensor], name: str) -> None:
        self.seen, self.name = seen, name

    def __call__(self, module: nn.Module, args: Any, output: Tensor) -> None:
        self.seen[self.name] = output


class _RememberInput:
    """A forward pre-hook that keeps what enters the output projection."""

    def __init__(self, seen: dict[str, Tensor]) -> None:
        self.seen = seen

    def __call__(self, module: nn.Module, args: Any) -> None:
        self.seen["out"] = args[0]


class _SizedHead:
    """SigLIP's attention pooling, in which a merged token counts as often as the tokens it stands for."""

    def __init__(self, head: Any, passage: Passage) -> None:
        self.head, self.passage = head, passage

    def forward(self, hidden_state: Tensor) -> Tensor:
        """``[batch, dim]`` of the tokens ``[batch, tokens, dim]``."""
        head = self.head
        if self.passage.untouched:
            return type(head).forward(head, hidden_state)
        bias = self.passage.weight(hidden_state).log()[:, None, :]
        probe = head.probe.repeat(len(hidden_state), 1, 1)
        mask = bias.repeat_interleave(head.attention.num_heads, dim=0)
        pooled = head.attention(probe, hidden_state, hidden_state, attn_mask=mask, need_weights=False)[0]
        return (pooled + head.mlp(head.layernorm(pooled)))[:, 0]


class _SizedMean:
    """The mean of the patch tokens that DINOv2's classifier reads beside the cls token, weighted by their sizes."""

    def __init__(self, passage: Passage, prefix: int) -> None:
        self.passage, self.prefix = passage, prefix
        self.tokens: Tensor | None = None

    def remember(self, module: nn.Module, args: Any, output: Any) -> None:
        self.tokens = output[0]

    def replace(self, module: nn.Module, args: Any) -> tuple[Tensor] | None:
        tokens, self.tokens = self.tokens, None
        if self.passage.untouched or tokens is None:
            return None
        weight = self.passage.weight(tokens)[:, self.prefix :]
        mean = torch.einsum("btd,bt->bd", tokens[:, self.prefix :], weight / weight.sum(dim=1, keepdim=True))
        return (torch.cat([tokens[:, 0], mean], dim=1),)
