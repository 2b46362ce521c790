from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import torch
from pydantic import Field
from torch import Tensor, nn

from prunarium.families import Attention, LearnedEncoderMethod, Shape
from prunarium.ops import Tokens, above, thin

LEAST = 1e-9


class AdapLeR(LearnedEncoderMethod):
    """Predict before each layer how much every token contributes, and drop those below a share that is learned.

    Modarressi et al., AdapLeR: Speeding up Inference by Adaptive Length Reduction, ACL 2022 (arXiv 2203.08991),
    section 3. Contributions of a text's tokens sum to 1; the threshold is in even shares of it.
    """

    place: ClassVar[Literal["before"]] = "before"
    adaptive: ClassVar[bool] = True
    learns_from: ClassVar[frozenset[str]] = frozenset({"saliency"})
    cls_scale: Annotated[float, Field(gt=0)] = Field(
        1.0, description="factor of the cls token's contribution, before all are made to sum to 1 again"
    )
    strictness: Annotated[float, Field(ge=0)] = Field(
        1.0, description="factor of all thresholds; at 0 every token stays"
    )
    temperature: Annotated[float, Field(gt=0)] = Field(
        0.1, description="of the sigmoids whose gradients train, in even shares of contribution"
    )
    length_weight: Annotated[float, Field(ge=0)] = Field(
        0.1, description="weight of the mean share of tokens left in a training loss"
    )
    saliency_weight: Annotated[float, Field(ge=0)] = Field(
        1.0, description="weight of how far contributions are from saliency in a training loss, earlier layers more"
    )

    def parts(self, shape: Shape) -> nn.ModuleDict:
        dim = shape.dim
        predictors = [nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, 1)) for _ in range(shape.depth)]
        thresholds = nn.ParameterList(nn.Parameter(torch.tensor(0.5)) for _ in range(shape.depth))
        return nn.ModuleDict({"predictors": nn.ModuleList(predictors), "thresholds": thresholds})

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        if self.strictness == 0:
            return tokens
        contribution = self.contribution(tokens, block)
        length = tokens.real + tokens.prefix
        even = 1 / (length.unsqueeze(1).to(contribution.dtype) if isinstance(length, Tensor) else length)
        in_shares = (contribution / even)[:, tokens.prefix :]
        threshold = self._part("thresholds")[block] * self.strictness
        if not tokens.training:
            return tokens.keep_where(in_shares >= threshold)
        said = (*tokens.memory.get("contributions", ()), contribution)
        return thin(tokens, above(in_shares, threshold, self.temperature)).remember(contributions=said)

    def contribution(self, tokens: Tokens, block: int) -> Tensor:
        """What each token is predicted to contribute, of what the whole text does ``[batch, tokens]``."""
        logits = self._part("predictors")[block](tokens.x).squeeze(-1)
        if tokens.there is not None:
            logits = logits.masked_fill(~(tokens.there > 0.5), -torch.inf)
        share = logits.softmax(dim=1)
        scale = torch.ones_like(share[:1])
        scale[:, : tokens.prefix] = self.cls_scale
        share = share * scale
        return share / share.sum(dim=1, keepdim=True)

    def _part(self, name: str) -> Any:
        assert isinstance(self.learned, nn.ModuleDict)
        return self.learned[name]

    def loss(self, memory: Mapping[str, Any]) -> Tensor | None:
        """The mean share of tokens left, over the layers; and how far contributions are from ``saliency``, if given."""
        if "shares" not in memory:
            return None
        length = self.length_weight * torch.stack(memory["shares"]).mean()
        if "saliency" not in memory:
            return length
        misses = [divergence(memory["saliency"], said) for said in memory["contributions"]]
        weight = torch.arange(len(misses), 0, -1, device=length.device).to(length.dtype) ** 2
        return length + self.saliency_weight * (torch.stack(misses) * weight).sum() / weight.sum()

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"strictness": (1 - amount) / max(amount, 1e-6)})


def divergence(saliency: Tensor, contribution: Tensor) -> Tensor:
    """Of contributions from saliency, both ``[batch, tokens]``, among the tokens that have any; mean over samples."""
    wanted = saliency.where(contribution > 0, 0).clamp(min=0)
    wanted = wanted / wanted.sum(dim=1, keepdim=True).clamp(min=LEAST)
    likely = contribution.where(contribution > 0, 1).log()
    return (wanted * (wanted.clamp(min=LEAST).log() - likely)).sum(dim=1).mean()
