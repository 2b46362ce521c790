"""Blocks of Hugging Face transformers, whose attention projects queries, keys and values apart."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families.blocks.block import Halves
from prunarium.families.handle import Handle


def refuse_what_would_be_wrong(model: nn.Module, config: Any) -> None:
    """Refuse a model whose blocks cannot be entered.

    Raises:
        PrunariumError: another attention than SDPA or eager, or gradient checkpointing.
    """
    if config._attn_implementation not in ("sdpa", "eager"):
        raise PrunariumError("load the model with attn_implementation='sdpa' (or 'eager')")
    if any(getattr(module, "gradient_checkpointing", False) for module in model.modules()):
        raise PrunariumError("gradient checkpointing runs blocks twice; call gradient_checkpointing_disable() first")


class ProjectedHalves(Halves):
    """Halves whose attention module runs as it is, with fused attention if the model was loaded so.

    Args:
        projections: the modules of the attention that give queries, keys and values, by these names.
        out: the module that what the heads give goes into.
        head_dim: width of a head.
    """

    def __init__(self, projections: Mapping[str, nn.Module], out: nn.Module, head_dim: int) -> None:
        self.projections, self.out, self.head_dim = projections, out, head_dim
        self.scale = head_dim**-0.5
        self._seen: dict[str, Tensor] = {}

    def mixed(self, x: Tensor, matrix: Tensor) -> Tensor:
        """What all heads give with attention that is given ``[batch, tokens, dim]``; ``x`` enters the projections."""
        return (matrix @ self._heads(self.projections["values"](x))).transpose(1, 2).flatten(2)

    def projected(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Queries and keys of what enters the projections."""
        return self._heads(self.projections["queries"](x)), self._heads(self.projections["keys"](x))

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (-1, self.head_dim)).transpose(1, 2)

    def remember(self, handle: Handle, needs: frozenset[str]) -> None:
        wanted = {part for need in needs for part in _PARTS.get(need, ())}
        for part in wanted & set(self.projections):
            handle.hook(self.projections[part].register_forward_hook(_Remember(self._seen, part)))
        if "head_outputs" in wanted:
            handle.hook(self.out.register_forward_pre_hook(_RememberInput(self._seen)))

    def open_heads(self, handle: Handle) -> None:
        handle.hook(self.out.register_forward_pre_hook(self.weigh_heads))

    def forget(self) -> None:
        self._seen.clear()

    def _part(self, name: str) -> Tensor:
        assert name in self._seen, "read only inside reduce"
        return self._heads(self._seen[name])

    @property
    def queries(self) -> Tensor:
        return self._part("queries")

    @property
    def keys(self) -> Tensor:
        return self._part("keys")

    @property
    def values(self) -> Tensor:
        return self._part("values")

    @property
    def head_outputs(self) -> Tensor:
        return self._part("head_outputs")


_QUERIES_AND_KEYS = ("queries", "keys")
_PARTS = {
    "keys": ("keys",),
    "values": ("values",),
    "head_outputs": ("head_outputs",),
    "logits": _QUERIES_AND_KEYS,
    "cls_attention": _QUERIES_AND_KEYS,
    "full_attention": _QUERIES_AND_KEYS,
    "received_attention": _QUERIES_AND_KEYS,
    "attention_from_others": _QUERIES_AND_KEYS,
}
"""What must be kept of the attention for each need."""


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
        self.seen["head_outputs"] = args[0]
