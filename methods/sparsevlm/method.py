from collections.abc import Collection
from typing import Annotated, ClassVar, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families import Attention, Block, Shape, VlmMethod, at_depth, check_stages, turned
from prunarium.ops import DROPPED, Tokens, density_peaks, gather, in_order, merge_groups, top

Rate = Annotated[float, Field(gt=0, le=1, strict=True)]
RATES = {"1.5": (300 / 576, 200 / 576, 110 / 576), "2.0": (300 / 576, 200 / 576, 118 / 576)}
RECYCLED, PER_CLUSTER = 0.3, 10  # share of the dropped tokens that are merged, and about how many of them into one


class SparseVLM(VlmMethod):
    """Keep the image tokens that the words which look at the image most attend to, and merge the best of the others.

    The words are chosen once, by the embeddings that enter the language model; they rate image tokens by the attention
    of a few layers. Zhang et al., SparseVLM: Visual Token Sparsification for Efficient Vision-Language Model Inference,
    ICML 2025 (arXiv 2410.04417), section 3. Version 2.0 of the code, SparseVLM+, takes the rotary embedding's share
    out of the attention, listens to some heads only, and merges nothing.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"question", "question_there", "text_attention", "text_rotary_bias"})
    version: Literal["1.5", "2.0"] = Field("1.5", description="of the official code")
    layers: Annotated[tuple[Block, ...], Field(min_length=1)] | None = Field(
        None,
        description="layers by whose attention tokens are dropped, before the layer that follows, counted from 0; "
        "default: at 2, 6 and 15 of 32",
    )
    keep_rates: Annotated[tuple[Rate, ...], Field(min_length=1)] | None = Field(
        None,
        description="share of all image tokens that is kept at each of the layers, merged ones not counted; default: "
        "the official setting '192 tokens', 300, 200 and 110 (2.0: 118) of 576",
    )
    heads: Annotated[int, Field(ge=1, strict=True)] = Field(14, description="2.0: heads that are listened to, at most")

    @model_validator(mode="after")
    def _stages_agree(self) -> Self:
        layers, rates = self.layers, self._rates()
        if layers is not None and (len(layers) != len(rates) or list(layers) != sorted(set(layers))):
            raise ValueError("layers must rise, and be as many as keep_rates")
        if self.layers is None and len(rates) != 3:
            raise ValueError("keep_rates must be 3, or as many as layers")
        return self

    @property
    def positions(self) -> Literal["kept", "renumbered"]:  # type: ignore[override]
        return "renumbered" if self.version == "1.5" else "kept"

    def _rates(self) -> tuple[float, ...]:
        return self.keep_rates or RATES[self.version]

    def fit(self, shape: Shape) -> Self:
        layers = self.layers or at_depth((2, 6, 15), 32, shape.depth)
        return self.model_copy(update={"layers": layers, "keep_rates": self._rates()})

    def acts_at(self, shape: Shape) -> Collection[int]:
        stages = {layer + 1 for layer in self.layers or at_depth((2, 6, 15), 32, shape.depth)}
        check_stages(stages, shape.depth)
        return {0, *stages}

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        assert self.layers is not None and self.keep_rates is not None, "fit to a model first"
        if block == 0:
            return tokens.remember(raters=_raters(tokens.x, attention.question, attention.question_there))
        # two stages fall on one layer where a model has fewer layers than the official one
        rate = min(rate for layer, rate in zip(self.layers, self.keep_rates, strict=True) if layer == block - 1)
        count = min(max(1, round(rate * tokens.original)), tokens.count)
        if count == tokens.count:
            return tokens
        score = self.score(attention, tokens.memory["raters"])
        kept = in_order(top(score, count))
        return tokens.keep(kept) if self.version == "2.0" else recycle(tokens, score, kept)

    def score(self, attention: Attention, raters: Tensor) -> Tensor:
        """What the raters give every image token ``[batch, image tokens]``.

        Args:
            attention: of the layer before.
            raters: ``[batch, text]``, boolean.
        """
        rows, rates = attention.text_attention, raters[:, None, :, None]
        if self.version == "2.0":
            rows = (rows / attention.text_rotary_bias.unsqueeze(1)).where(rates, 0)
            loudest = top(rows.sum(dim=(2, 3)), min(self.heads, rows.shape[1]))
            rows = rows.gather(1, loudest[:, :, None, None].expand(-1, -1, *rows.shape[2:]))
        return (rows * rates).sum(dim=2).mean(dim=1) / raters.sum(dim=1, keepdim=True)

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"keep_rates": tuple(turned(rate, amount) for rate in self._rates())})


def _raters(image: Tensor, text: Tensor, there: Tensor) -> Tensor:
    """Which tokens of the text rate: those that the image looks at more than on average ``[batch, text]``."""
    if not bool(there.any(dim=1).all()):
        raise PrunariumError("SparseVLM asks the text behind the image, and there is none; put the question there")
    looks = (image @ text.transpose(1, 2)).masked_fill(~there.unsqueeze(1), -torch.inf)
    score = looks.softmax(dim=-1).mean(dim=1)
    raters = there & (score > score.sum(dim=1, keepdim=True) / there.sum(dim=1, keepdim=True))
    return raters.where(raters.any(dim=1, keepdim=True), there)


def recycle(tokens: Tokens, score: Tensor, kept: Tensor) -> Tokens:
    """Keep some tokens; of the others the best are merged around density peaks and put behind, the rest is dropped.

    Args:
        tokens: without a prefix.
        score: of every token ``[batch, tokens]``.
        kept: ascending ``[batch, kept]``.
    """
    count = kept.shape[1]
    best = top(score.scatter(1, kept, -torch.inf), int(RECYCLED * (tokens.count - count)) + 1)
    clusters = best.shape[1] // PER_CLUSTER + 1
    _, cluster = density_peaks(gather(tokens.x, best), clusters, neighbours=clusters)
    seats = torch.arange(count, device=kept.device).expand_as(kept)
    group = torch.full_like(score, DROPPED, dtype=torch.long).scatter(1, kept, seats).scatter(1, best, count + cluster)
    seat = torch.nn.functional.pad(kept, (0, clusters), value=DROPPED)
    return merge_groups(tokens, group, count + clusters, weight=tokens.x.new_ones(score.shape), seat=seat)
