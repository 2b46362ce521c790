import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, Self

import torch
from pydantic import Field
from torch import Tensor, nn

from prunarium.families import Attention, LearnedEncoderMethod, Shape
from prunarium.ops import Tokens, drawn

SURE = 5.0  # at first every gate is open


class Transkimmer(LearnedEncoderMethod):
    """Ask a small learned network before each layer which tokens to skim; these go straight to the output.

    Guan et al., Transkimmer: Transformer Learns to Layer-wise Skim, ACL 2022 (arXiv 2205.07324). In training
    gates are drawn (Gumbel-softmax), and skimmed tokens stay as keys whose weight is set to zero after the softmax.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"next_attention"})
    place: ClassVar[Literal["before"]] = "before"
    adaptive: ClassVar[bool] = True
    leniency: float = Field(0.0, description="added to how much a gate prefers to keep; more keeps more")
    as_trained: bool = Field(
        False, description="attend as in training, with skimmed tokens in the softmax's denominator; nothing is saved"
    )
    skim_weight: Annotated[float, Field(ge=0)] = Field(
        0.5, description="weight of the mean share of tokens kept in a training loss"
    )

    def parts(self, shape: Shape) -> nn.ModuleList:
        return nn.ModuleList(_predictor(shape.dim) for _ in range(shape.depth))

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        assert isinstance(self.learned, nn.ModuleList)
        logits = self.learned[block](tokens.x[:, tokens.prefix :])
        wanted = logits[..., 1] - logits[..., 0] + self.leniency > 0
        if tokens.training:
            return self._skim_in_place(tokens, drawn(logits.flip(-1)), attention)
        if self.as_trained:
            return self._skim_in_place(tokens, wanted.to(tokens.x.dtype), attention)
        return tokens if bool(wanted.all()) else tokens.keep_where(wanted)

    def _skim_in_place(self, tokens: Tokens, wanted: Tensor, attention: Attention) -> Tokens:
        """Leave all tokens where they are and remember what each was when it was skimmed."""
        state = _output(tokens)
        there = torch.ones_like(wanted) if tokens.there is None else tokens.there[:, tokens.prefix :].to(wanted.dtype)
        mask = nn.functional.pad(wanted, (tokens.prefix, 0), value=1.0) * tokens.memory.get("mask", 1.0)
        share = (mask[:, tokens.prefix :] * there).sum() / there.sum().clamp(min=1)
        matrix = attention.next_attention * mask[:, None, None, :]
        shares = (*tokens.memory.get("shares", ()), share)
        return replace(tokens, attention=matrix).remember(state=state, mask=mask, shares=shares)

    def finish(self, tokens: Tokens) -> Tokens:
        return replace(tokens, x=_output(tokens))

    def loss(self, memory: Mapping[str, Any]) -> Tensor | None:
        """The mean share of tokens kept, over the layers."""
        shares = memory.get("shares")
        return self.skim_weight * torch.stack(shares).mean() if shares else None

    def knob(self, amount: float, shape: Shape) -> Self:
        odds = math.inf if amount >= 1 else amount / (1 - amount)
        return self.model_copy(update={"leniency": 2 * SURE * math.log(max(odds, 1e-9))})


def _output(tokens: Tokens) -> Tensor:
    """What each token would give if the model ended here: skimmed ones, what they were."""
    mask = tokens.memory.get("mask")
    if mask is None:
        return tokens.x
    mask = mask.unsqueeze(-1)
    output: Tensor = tokens.memory["state"] * (1 - mask) + tokens.x * mask
    return output


def _predictor(dim: int) -> nn.Sequential:
    """Logits of skimming and of keeping."""
    last = nn.Linear(dim, 2)
    nn.init.normal_(last.weight, std=0.02)
    with torch.no_grad():
        last.bias.copy_(torch.tensor([-SURE, SURE]))
    return nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim), nn.LayerNorm(dim), nn.GELU(), last)
