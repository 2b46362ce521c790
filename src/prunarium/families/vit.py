"""The ``vit`` family: methods that act between the attention and the MLP of a vision transformer's blocks."""

from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families.base import Attention, Shape, TokenMethod
from prunarium.families.handle import BlockRecord, Handle
from prunarium.ops import Move, Tokens
from prunarium.records import Family

if TYPE_CHECKING:
    from timm.models.vision_transformer import VisionTransformer


class VitMethod(TokenMethod):
    """A method for vision transformers. ``reduce`` sees the residual stream after each block's attention."""

    families: ClassVar[tuple[Family, ...]] = ("vit",)


class TimmVit:
    """timm's ``VisionTransformer`` and its distilled variant, with stock blocks.

    timm's own attention runs untouched, so LayerScale, qk-norm and fused attention are timm's; keys and queries are
    read off its ``qkv`` projection.
    """

    supported = "timm VisionTransformer (ViT, DeiT, distilled DeiT, DeiT-III, DINOv2, SigLIP...) with stock blocks"

    def __init__(self, method: TokenMethod, model: "VisionTransformer") -> None:
        _refuse_what_would_be_wrong(model)
        depth, prefix = len(model.blocks), model.num_prefix_tokens
        self.method, self.model = method, model
        size = getattr(model.patch_embed, "num_patches", None)
        self.shape = Shape(
            family="vit",
            depth=depth,
            prefix=prefix,
            tokens=size + prefix if size else None,
            stages=tuple(sorted({depth * quarter // 4 for quarter in (1, 2, 3)})),
        )
        has_cls = getattr(model, "cls_token", None) is not None
        self.offers = frozenset({"keys", "cls_attention"} if has_cls else {"keys"})

    @staticmethod
    def fits(model: nn.Module) -> bool:
        """A timm VisionTransformer."""
        if not type(model).__module__.startswith("timm.") and not hasattr(model, "patch_embed"):
            return False
        from timm.models.vision_transformer import VisionTransformer

        return isinstance(model, VisionTransformer)

    def attach(self) -> Handle:
        """Put the method into every block, and its token sizes into the pooling."""
        handle = Handle(self.method, self.model)
        acting = set(self.method.acts_at(self.shape))
        passage = _Passage(handle, self.method.fit(self.shape), self.shape.prefix)
        for index, block in enumerate(self.model.blocks):
            reducing = _ReducingBlock(block, index, index in acting, passage)
            handle.patch(block, "forward", reducing.forward)
            if self.method.needs & self.offers and index in acting:
                handle.hook(block.attn.qkv.register_forward_hook(reducing.remember_qkv))
        if self.model.attn_pool is not None or self.model.global_pool not in ("token", "max", ""):
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


class _Passage:
    """The tokens of the forward pass that is under way, handed from block to block."""

    def __init__(self, handle: Handle, method: TokenMethod, prefix: int) -> None:
        self.handle, self.method, self.prefix = handle, method, prefix
        self.first_sample = 0
        self.size: Tensor | None = None

    def begin(self, batch: int) -> None:
        self.first_sample = self.handle.begin(batch)
        self.size = None

    def bias(self) -> Tensor | None:
        """log(size) of every key, for proportional attention; ``[batch, 1, 1, tokens]``."""
        if self.size is None or not self.method.size_bias:
            return None
        return self.size.log()[:, None, None, :]

    def reduce(self, x: Tensor, attention: Attention, index: int) -> tuple[Tensor, tuple[Move, ...]]:
        """Let the method reduce the tokens: what is left, and the steps taken."""
        before = Tokens(x, self.prefix, self.size, self.first_sample)
        with self.handle.watch():
            after = self.method.reduce(before, attention, index)
        self.size = after.size
        return after.x, after.moves


class _ReducingBlock:
    """A timm block's forward pass with a reduction between its two halves."""

    def __init__(self, block: Any, index: int, acts: bool, passage: _Passage) -> None:
        self.block, self.index, self.acts, self.passage = block, index, acts, passage
        self.qkv: Tensor | None = None
        self.bias: Tensor | None = None
        # bound methods, not closures: a copied model then has its own
        self.attention = Attention(passage.method.needs, {"keys": self._keys, "cls_attention": self._cls_attention})

    def remember_qkv(self, module: nn.Module, args: Any, output: Tensor) -> None:
        self.qkv = output

    def forward(self, x: Tensor, attn_mask: Tensor | None = None, is_causal: bool = False) -> Tensor:
        if attn_mask is not None or is_causal:
            raise PrunariumError("attention masks are not supported while a method is applied")
        block, passage = self.block, self.passage
        entering = leaving = x.size(1)
        if self.index == 0:
            passage.begin(len(x))
        self.bias = passage.bias()
        x = x + block.drop_path1(block.ls1(block.attn(block.norm1(x), attn_mask=self.bias)))
        moves: tuple[Move, ...] = ()
        if self.acts:
            x, moves = passage.reduce(x, self.attention, self.index)
            leaving = x.size(1)
        self.qkv = self.bias = None
        passage.handle.records.append(BlockRecord(self.index, entering, leaving, moves))
        return x + block.drop_path2(block.ls2(block.mlp(block.norm2(x))))

    def _keys(self) -> Tensor:
        return self._head("k")

    def _head(self, which: str) -> Tensor:
        """Queries or keys of this block ``[batch, heads, tokens, head dim]``."""
        assert self.qkv is not None, "read only inside reduce"
        attn = self.block.attn
        batch, count, _ = self.qkv.shape
        parts = self.qkv.reshape(batch, count, 3, attn.num_heads, attn.head_dim)
        part, norm = (parts[:, :, 0], attn.q_norm) if which == "q" else (parts[:, :, 1], attn.k_norm)
        return norm(part.transpose(1, 2))

    def _cls_attention(self) -> Tensor:
        query = self._head("q")[:, :, :1] * self.block.attn.scale
        logits = query @ self._keys().transpose(-2, -1)
        return (logits if self.bias is None else logits + self.bias).softmax(dim=-1).squeeze(-2)


class _SizedPool:
    """Pooling over tokens in which a merged token counts as often as the tokens it stands for."""

    def __init__(self, model: Any, passage: _Passage) -> None:
        self.model, self.passage = model, passage

    def pool(self, x: Tensor, pool_type: str | None = None) -> Tensor:
        model, size = self.model, self.passage.size
        if size is None:
            return type(model).pool(model, x, pool_type)
        if x.shape[:2] != size.shape:
            raise PrunariumError("these features are not of the last forward pass: their token sizes are not known")
        begin = 0 if model.pool_include_prefix else model.num_prefix_tokens
        x, size = x[:, begin:], size[:, begin:]
        if model.attn_pool is not None:
            return model.attn_pool(x, attn_mask=size.log()[:, None, None, :])
        if (pool_type or model.global_pool) != "avg":
            raise PrunariumError(
                f"pooling '{pool_type or model.global_pool}' of merged tokens has no meaning; use 'avg'"
            )
        return torch.einsum("btd,bt->bd", x, size / size.sum(dim=1, keepdim=True))
