"""The ``vit`` family on the vision transformers of Hugging Face transformers."""

from typing import Any

import torch
from torch import Tensor, nn

from prunarium.families.base import Shape, TokenMethod
from prunarium.families.blocks.block import OFFERS
from prunarium.families.blocks.installing import install, stages
from prunarium.families.blocks.passage import Passage
from prunarium.families.blocks.projected import ProjectedHalves, refuse_what_would_be_wrong
from prunarium.families.handle import Handle
from prunarium.families.vit.block import VitBlock

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
        refuse_what_would_be_wrong(model, config)
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
        handle, passage = install(self.method, self.model, self.blocks, _HuggingFaceHalves, self.shape, VitBlock)
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


class _HuggingFaceHalves(ProjectedHalves):
    """A pre-norm block."""

    def __init__(self, block: Any) -> None:
        self.block = block
        self.attn = getattr(block, "attention", None) or block.self_attn
        projections = {"queries": self.attn.q_proj, "keys": self.attn.k_proj, "values": self.attn.v_proj}
        super().__init__(projections, _first(self.attn, ("o_proj", "out_proj")), self.attn.head_dim)
        self.norm1, self.norm2 = (_first(block, names) for names in _NORMS)

    def attend(self, x: Tensor, bias: Tensor | None) -> Tensor:
        return x + self._branch(self.attn(self.norm1(x), attention_mask=bias)[0], "layer_scale1")

    def attend_with(self, x: Tensor, matrix: Tensor) -> Tensor:
        return x + self._branch(self.out(self.mixed(self.norm1(x), matrix)), "layer_scale1")

    def feed(self, x: Tensor) -> Tensor:
        return x + self._branch(self.block.mlp(self.norm2(x)), "layer_scale2")

    def _branch(self, x: Tensor, scale: str) -> Tensor:
        """What stands between a half and its residual: LayerScale, dropout, stochastic depth."""
        for name in (scale, "dropout", "drop_path"):
            module = getattr(self.block, name, None)
            x = module(x) if isinstance(module, nn.Module) else x
        return x

    def queries_and_keys(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.projected(self.norm1(x))


_NORMS = (("layernorm_before", "norm1", "layer_norm1"), ("layernorm_after", "norm2", "layer_norm2"))


def _first(module: nn.Module, names: tuple[str, ...]) -> Any:
    return next(getattr(module, name) for name in names if hasattr(module, name))


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
