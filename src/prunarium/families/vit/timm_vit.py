"""The ``vit`` family on timm's vision transformers."""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families.base import Shape, TokenMethod
from prunarium.families.blocks.block import OFFERS, Halves
from prunarium.families.blocks.installing import install, stages
from prunarium.families.blocks.passage import Passage
from prunarium.families.handle import Handle
from prunarium.families.vit.block import VitBlock

if TYPE_CHECKING:
    from timm.models.vision_transformer import VisionTransformer


class TimmVit:
    """timm's ``VisionTransformer`` and its distilled variant, with stock blocks."""

    supported = "timm VisionTransformer (ViT, DeiT, distilled DeiT, DeiT-III, DINOv2, SigLIP...) with stock blocks"

    def __init__(self, method: TokenMethod, model: "VisionTransformer") -> None:
        _refuse_what_would_be_wrong(model)
        prefix, size = model.num_prefix_tokens, getattr(model.patch_embed, "num_patches", None)
        self.method, self.model = method, model
        self.shape = Shape(
            family="vit",
            depth=len(model.blocks),
            prefix=prefix,
            tokens=size + prefix if size else None,
            stages=stages(len(model.blocks)),
            dim=model.embed_dim,
        )
        self.offers = OFFERS | {"cls_attention"} if getattr(model, "cls_token", None) is not None else OFFERS

    @staticmethod
    def fits(model: nn.Module) -> bool:
        """A timm VisionTransformer."""
        if not type(model).__module__.startswith("timm.") and not hasattr(model, "patch_embed"):
            return False
        from timm.models.vision_transformer import VisionTransformer

        return isinstance(model, VisionTransformer)

    def attach(self) -> Handle:
        """Put the method into every block, and its token sizes into the pooling."""
        handle, passage = install(self.method, self.model, self.model.blocks, _TimmHalves, self.shape, VitBlock)
        if self.model.attn_pool is not None or self.model.global_pool not in ("token", ""):
            handle.patch(self.model, "pool", _SizedPool(self.model, passage).pool)
        handle.patch(self.model, "forward_intermediates", _no_feature_maps)
        return handle


def _no_feature_maps(*args: Any, **kwargs: Any) -> None:
    raise PrunariumError("feature maps need every token; take the method out before asking for intermediate layers")


def _refuse_what_would_be_wrong(model: Any) -> None:
    from timm.layers import Attention as TimmAttention
    from timm.models.vision_transformer import Block

    for block in model.blocks:
        if type(block) is not Block or type(block.attn) is not TimmAttention:
            kind = type(block).__name__ if type(block) is not Block else type(block.attn).__name__
            raise PrunariumError(f"a {type(model).__name__} with {kind} is not supported; stock timm blocks are")
    if model.grad_checkpointing:
        raise PrunariumError("gradient checkpointing runs blocks twice; call model.set_grad_checkpointing(False) first")


class _TimmHalves(Halves):
    """A timm block. Its own attention runs untouched, so LayerScale, qk-norm and fused attention are timm's."""

    def __init__(self, block: Any) -> None:
        self.block, self.attn = block, block.attn
        self.scale = block.attn.scale
        self._qkv: Tensor | None = None
        self._outputs: Tensor | None = None

    def attend(self, x: Tensor, bias: Tensor | None) -> Tensor:
        block = self.block
        return x + block.drop_path1(block.ls1(block.attn(block.norm1(x), attn_mask=bias)))

    def attend_with(self, x: Tensor, matrix: Tensor) -> Tensor:
        block, attn = self.block, self.attn
        normed = block.norm1(x)
        out = attn.norm((matrix @ self._project(normed, 2, 3)[0]).transpose(1, 2).flatten(2))
        if attn.gate is not None:
            out = out * attn.gate(normed).sigmoid()
        return x + block.drop_path1(block.ls1(attn.proj_drop(attn.proj(out))))

    def feed(self, x: Tensor) -> Tensor:
        block = self.block
        return x + block.drop_path2(block.ls2(block.mlp(block.norm2(x))))

    def queries_and_keys(self, x: Tensor) -> tuple[Tensor, Tensor]:
        queries, keys = self._project(self.block.norm1(x), 0, 2)
        return self.attn.q_norm(queries), self.attn.k_norm(keys)

    def _project(self, normed: Tensor, begin: int, end: int) -> tuple[Tensor, ...]:
        """Some of queries (0), keys (1) and values (2)."""
        attn, rows = self.attn, slice(begin * self.attn.attn_dim, end * self.attn.attn_dim)
        bias = None if attn.qkv.bias is None else attn.qkv.bias[rows]
        out = nn.functional.linear(normed, attn.qkv.weight[rows], bias)
        return out.unflatten(-1, (end - begin, attn.num_heads, attn.head_dim)).permute(2, 0, 3, 1, 4).unbind(0)

    def remember(self, handle: Handle, needs: frozenset[str]) -> None:
        if needs - {"head_outputs", "next_attention"}:
            handle.hook(self.attn.qkv.register_forward_hook(self._remember_qkv))
        if "head_outputs" in needs:
            handle.hook(self.attn.norm.register_forward_pre_hook(self._remember_outputs))

    def _remember_qkv(self, module: nn.Module, args: Any, output: Tensor) -> None:
        self._qkv = output

    def _remember_outputs(self, module: nn.Module, args: Any) -> None:
        self._outputs = args[0]

    def forget(self) -> None:
        self._qkv = self._outputs = None

    def _part(self, which: int) -> Tensor:
        assert self._qkv is not None, "read only inside reduce"
        return self._qkv.unflatten(-1, (3, self.attn.num_heads, self.attn.head_dim))[:, :, which].transpose(1, 2)

    @property
    def queries(self) -> Tensor:
        return self.attn.q_norm(self._part(0))

    @property
    def keys(self) -> Tensor:
        return self.attn.k_norm(self._part(1))

    @property
    def values(self) -> Tensor:
        return self._part(2)

    @property
    def head_outputs(self) -> Tensor:
        assert self._outputs is not None, "read only inside reduce"
        return self._outputs.unflatten(-1, (self.attn.num_heads, self.attn.head_dim)).transpose(1, 2)


class _SizedPool:
    """Pooling over tokens in which a merged token counts as often as the tokens it stands for."""

    def __init__(self, model: Any, passage: Passage) -> None:
        self.model, self.passage = model, passage

    def pool(self, x: Tensor, pool_type: str | None = None) -> Tensor:
        """``[batch, dim]`` of the tokens ``[batch, tokens, dim]``."""
        model, passage = self.model, self.passage
        kind = pool_type or model.global_pool
        if passage.untouched or (kind == "max" and model.attn_pool is None and passage.there is None):
            return type(model).pool(model, x, pool_type)
        weight = passage.weight(x)
        begin = 0 if model.pool_include_prefix else model.num_prefix_tokens
        x, weight = x[:, begin:], weight[:, begin:]
        if model.attn_pool is not None:
            return model.attn_pool(x, attn_mask=weight.log()[:, None, None, :])
        if kind != "avg":
            raise PrunariumError(f"pooling '{kind}' of merged tokens has no meaning; use 'avg'")
        return torch.einsum("btd,bt->bd", x, weight / weight.sum(dim=1, keepdim=True))
