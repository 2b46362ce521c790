from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import torch
from pydantic import Field
from torch import Tensor, nn

from prunarium.families import Attention, LearnedMethod, Shape, VitMethod
from prunarium.ops import Tokens, above, gather, mean_tokens, pour, sides, thin


class LTMP(LearnedMethod, VitMethod):
    """Merge tokens more alike than a learned threshold, then prune those that receive less attention than another.

    Bonnaerens and Dambre, Learned Thresholds Token Merging and Pruning for Vision Transformers, TMLR 2023
    (arXiv 2307.10780), section 3. Every block has two thresholds of its own.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"keys", "received_attention"})
    adaptive: ClassVar[bool] = True
    target: Annotated[float, Field(gt=0, le=1)] = Field(
        0.75, description="mean tokens per block, of the untouched model's: what training aims at, nothing afterwards"
    )
    strictness: Annotated[float, Field(ge=0)] = Field(
        1.0,
        description="at 1 the thresholds are as learned; each 1 more lowers those of similarity by 0.05 and raises "
        "those of attention by 0.3 even shares; at 0 every token stays",
    )
    temperature: Annotated[float, Field(gt=0)] = Field(
        0.1,
        description="of the sigmoids whose gradients move the thresholds: in cosines, and in even shares of attention",
    )

    @property
    def size_bias(self) -> bool:
        return True

    def parts(self, shape: Shape) -> nn.ParameterDict:
        start = {"merge": 0.9, "prune": 0.0}
        return nn.ParameterDict({name: torch.full((shape.depth,), value) for name, value in start.items()})

    def threshold(self, kind: Literal["merge", "prune"], block: int) -> Tensor:
        """Of similarity, or of attention in even shares of it."""
        assert isinstance(self.learned, nn.ParameterDict)
        learned, beyond = self.learned[kind][block], self.strictness - 1
        if kind == "prune":
            return learned + 0.3 * beyond
        return 1 - (1 - learned) * (1 + beyond) if beyond < 0 else learned - 0.05 * beyond

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        if self.strictness == 0 or tokens.reducible == 0:
            return tokens
        prefix, batch = tokens.prefix, len(tokens.x)
        places = torch.arange(tokens.count, device=tokens.x.device).expand(batch, -1)
        sources, destinations = (places[:, first::2] for first in sides(prefix))
        if not destinations.shape[1]:
            sources, destinations = destinations, sources  # a single token has nobody to merge with
        share, into = self.merges(tokens, attention.keys.mean(dim=1).detach(), sources, destinations, block)
        importance = attention.received_attention.detach()
        taken = importance.gather(1, sources).where(share > 0.5, -torch.inf)
        importance = importance.scatter_reduce(1, into, taken, "amax")
        even = 1 / (tokens.original or tokens.count)
        wanted = above(importance, self.threshold("prune", block) * even, self.temperature * even)
        if prefix == 0:  # somebody must stay
            best = importance.gather(1, destinations).argmax(dim=1, keepdim=True)
            wanted = wanted.scatter(1, destinations.gather(1, best), 1.0)
        wanted = wanted * torch.ones_like(wanted).scatter(1, sources, (1 - share).to(wanted.dtype))
        tokens = pour(tokens, sources, into, share)
        if self.learned.training:
            return thin(tokens, wanted[:, prefix:])
        order = torch.cat([sources, destinations], dim=1)
        return tokens.keep(order - prefix).keep_where(wanted.gather(1, order) > 0.5)

    def merges(
        self, tokens: Tokens, metric: Tensor, sources: Tensor, destinations: Tensor, block: int
    ) -> tuple[Tensor, Tensor]:
        """For every source whether it merges, and into which destination."""
        metric = nn.functional.normalize(metric, dim=-1)
        alike = gather(metric, sources) @ gather(metric, destinations).transpose(1, 2)
        if tokens.there is not None:
            ours, theirs = (tokens.there.gather(1, index) > 0.5 for index in (sources, destinations))
            alike = alike.masked_fill(~(ours.unsqueeze(2) & theirs.unsqueeze(1)), -torch.inf)
        best, into = alike.max(dim=-1)
        return above(best, self.threshold("merge", block), self.temperature), destinations.gather(1, into)

    def loss(self, memory: Mapping[str, Any]) -> Tensor | None:
        """How far the mean number of tokens per block is from the target, squared."""
        shares = memory.get("shares")
        if not shares:
            return None
        return (mean_tokens(shares, range(len(shares)), len(shares)) - self.target).square()

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"strictness": (1 - amount) / max(amount, 1e-6)})
