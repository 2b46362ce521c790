"""A layer of transformers' text encoders in two halves."""

from typing import Any

from torch import Tensor

from prunarium.families.blocks.projected import ProjectedHalves


class BertHalves(ProjectedHalves):
    """A post-norm layer of BERT or RoBERTa."""

    def __init__(self, layer: Any) -> None:
        self.layer, attention = layer, layer.attention.self
        projections = {"queries": attention.query, "keys": attention.key, "values": attention.value}
        super().__init__(projections, layer.attention.output, attention.attention_head_size)

    def attend(self, x: Tensor, bias: Tensor | None) -> Tensor:
        attended: Tensor = self.layer.attention(x, bias)[0]
        return attended

    def attend_with(self, x: Tensor, matrix: Tensor) -> Tensor:
        attended: Tensor = self.out(self.mixed(x, matrix), x)
        return attended

    def feed(self, x: Tensor) -> Tensor:
        # not in chunks: what is left of a text need not be a multiple of them
        fed: Tensor = self.layer.feed_forward_chunk(x)
        return fed

    def queries_and_keys(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.projected(x)


class DistilBertHalves(ProjectedHalves):
    """A post-norm layer of DistilBERT."""

    def __init__(self, layer: Any) -> None:
        self.layer, attention = layer, layer.attention
        projections = {"queries": attention.q_lin, "keys": attention.k_lin, "values": attention.v_lin}
        super().__init__(projections, attention.out_lin, attention.attention_head_size)

    def attend(self, x: Tensor, bias: Tensor | None) -> Tensor:
        return self._normed(self.layer.attention(x, attention_mask=bias)[0], x)

    def attend_with(self, x: Tensor, matrix: Tensor) -> Tensor:
        return self._normed(self.out(self.mixed(x, matrix)), x)

    def _normed(self, attended: Tensor, x: Tensor) -> Tensor:
        normed: Tensor = self.layer.sa_layer_norm(attended + x)
        return normed

    def feed(self, x: Tensor) -> Tensor:
        fed: Tensor = self.layer.output_layer_norm(self.layer.ffn.ff_chunk(x) + x)
        return fed

    def queries_and_keys(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.projected(x)
