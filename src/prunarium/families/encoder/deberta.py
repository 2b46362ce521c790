"""DeBERTa-v2 and v3, whose attention reads how far tokens are apart in the text."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families.blocks.block import Halves, Offering, ReducingBlock
from prunarium.families.encoder.passage import TextPassage
from prunarium.families.handle import Handle

OFFERS = frozenset({"full_attention", "received_attention", "attention_from_others", "cls_attention", "head_outputs"})
"""What is left to offer where attention is not a product of queries and keys alone."""


class DebertaHalves(Halves):
    """A post-norm layer. Its attention module runs as it is, and computes whole matrices in any case."""

    def __init__(self, layer: Any) -> None:
        self.layer, self.attention = layer, layer.attention
        self.relative: Tensor | None = None
        self.embeddings: Tensor | None = None
        self.positions: Callable[[], Tensor | None] = lambda: None
        self.matrix: Tensor | None = None
        self._outputs: Tensor | None = None
        self._needs: frozenset[str] = frozenset()

    def attend(self, x: Tensor, bias: Tensor | None) -> Tensor:
        seen = x.new_ones(1, 1, 1, 1, dtype=torch.bool) if bias is None else bias == 0
        attended, matrix = self.attention(
            x, seen, output_attentions=True, relative_pos=self._apart(), rel_embeddings=self.embeddings
        )
        self.matrix = matrix if self._needs else None
        given: Tensor = attended
        return given

    def _apart(self) -> Tensor | None:
        """How far the tokens that are left are apart, for each head ``[1, batch * heads, tokens, tokens]``."""
        places = self.positions()
        if self.relative is None or places is None:
            return self.relative
        whole, places = self.relative.reshape(self.relative.shape[-2:]), places.clamp(min=0)
        apart = whole[places.unsqueeze(2), places.unsqueeze(1)]
        return apart.repeat_interleave(self.attention.self.num_attention_heads, dim=0).unsqueeze(0)

    def attend_with(self, x: Tensor, matrix: Tensor) -> Tensor:
        raise PrunariumError("DeBERTa takes no attention from a method; use BERT, RoBERTa or DistilBERT")

    def feed(self, x: Tensor) -> Tensor:
        fed: Tensor = self.layer.output(self.layer.intermediate(x), x)
        return fed

    def queries_and_keys(self, x: Tensor) -> tuple[Tensor, Tensor]:
        raise PrunariumError("DeBERTa's attention cannot be softened in training; train on BERT, RoBERTa or DistilBERT")

    def remember(self, handle: Handle, needs: frozenset[str]) -> None:
        self._needs = needs
        if "head_outputs" in needs:
            handle.hook(self.attention.output.register_forward_pre_hook(self._remember_outputs))

    def _remember_outputs(self, module: nn.Module, args: Any) -> None:
        self._outputs = args[0]

    def open_heads(self, handle: Handle) -> None:
        handle.hook(self.attention.output.register_forward_pre_hook(self.weigh_heads))

    def forget(self) -> None:
        self.matrix = self._outputs = None

    @property
    def queries(self) -> Tensor:
        raise PrunariumError("DeBERTa's attention keeps no queries, keys or values; use BERT, RoBERTa or DistilBERT")

    keys = values = queries

    @property
    def head_outputs(self) -> Tensor:
        assert self._outputs is not None, "read only inside reduce"
        return self._outputs.unflatten(-1, (self.attention.self.num_attention_heads, -1)).transpose(1, 2)


class MatrixOffering(Offering):
    """What the attention of a layer offers that gives its matrices itself."""

    halves: DebertaHalves

    def all(self) -> dict[str, Callable[[], Tensor]]:
        return {name: give for name, give in super().all().items() if name in OFFERS}

    def _full_attention(self) -> Tensor:
        assert self.halves.matrix is not None, "read only inside reduce"
        return self.halves.matrix

    def _cls_attention(self) -> Tensor:
        return self._full_attention()[:, :, 0]

    def _matrices(self) -> Iterator[Tensor]:
        yield from self._full_attention().unbind(dim=1)


class DebertaLayer(ReducingBlock):
    """A layer that is told how far the tokens of the whole text are apart."""

    offering_kind: ClassVar[type[Offering]] = MatrixOffering
    halves: DebertaHalves

    def forward(self, x: Tensor, /, *args: Any, **options: Any) -> Any:
        """The layer with the reduction in it ``[batch, tokens, dim]``, and no attention."""
        assert isinstance(self.passage, TextPassage)
        self.halves.relative, self.halves.embeddings = options.get("relative_pos"), options.get("rel_embeddings")
        self.halves.positions = self.passage.positions
        return self.run(x), None
