import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

import torch
from pydantic import Field
from torch import Tensor, nn

from prunarium.families import Attention, LearnedDecoderMethod, Shape
from prunarium.ops import Entries, alpha_sigmoid

SURE = 2.0
"""Of the logits at first, by which everything is kept."""
LEAST = 1e-8
"""Of a share that a logarithm is taken of."""


class DynamicContextPruning(LearnedDecoderMethod):
    """Let every token drop earlier ones from each layer for good, where learned queries and keys of low rank say so.

    Anagnostidis et al., Dynamic Context Pruning for Efficient and Interpretable Autoregressive Transformers, NeurIPS
    2023 (arXiv 2305.15805), section 3: interactions, which multiply up over tokens, by an alpha-sigmoid in training and
    by a step otherwise, and the regulariser.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"hidden", "notes"})
    adaptive: ClassVar[bool] = True
    at_once: ClassVar[bool] = True
    leniency: float = Field(
        0.0, description="added to how much a token prefers to keep an earlier one; more keeps more"
    )
    rank: Annotated[int, Field(ge=1, strict=True)] = Field(16, description="width of the learned queries and keys")
    alpha: Annotated[float, Field(ge=1)] = Field(
        1.5, description="of the sigmoid in training: 1 is smooth, more is nearer to a step; raise it in stages"
    )
    sparsity_weight: Annotated[float, Field(ge=0)] = Field(
        0.3, description="weight of the mean share of earlier tokens kept in a training loss"
    )

    @property
    def lowers(self) -> bool:
        return not math.isinf(self.leniency)

    def parts(self, shape: Shape) -> nn.ModuleList:
        return nn.ModuleList(_Interaction(shape.dim, self.rank) for _ in range(shape.depth))

    def note(self, hidden: Tensor, layer: int) -> Tensor | None:
        noted: Tensor = self._part(layer).keys(hidden)
        return noted

    def mark_down(self, attention: Attention, there: Tensor, layer: int) -> Tensor:
        part = self._part(layer)
        logits = part.queries(attention.hidden) @ attention.notes.transpose(1, 2) * self.rank**-0.5
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32)) + part.bias + self.leniency
        tokens, entries = logits.shape[1:]
        earlier = torch.ones(tokens, entries, dtype=torch.bool, device=logits.device).tril(entries - tokens - 1)
        asks = earlier & there[:, entries - tokens :].unsqueeze(2)
        if self.learned.training:
            marked = -alpha_sigmoid(logits, self.alpha).clamp(min=LEAST).log()
        else:
            marked = torch.zeros_like(logits).masked_fill(logits <= 0, torch.inf)
        return marked.masked_fill(~asks, 0)

    def evict(self, cache: Sequence[Entries]) -> list[Entries]:
        return [self._left(entries) for entries in cache]

    def trim(self, entries: Entries, read: Tensor, left: Tensor, layer: int) -> Entries:
        return self._left(entries)

    def loss(self, memory: Mapping[str, Any]) -> Tensor | None:
        """The mean share of earlier tokens kept, over the layers."""
        attended = memory.get("attended")
        return self.sparsity_weight * torch.stack(attended).mean() if attended else None

    def knob(self, amount: float, shape: Shape) -> Self:
        odds = math.inf if amount >= 1 else amount / (1 - amount)
        return self.model_copy(update={"leniency": 2 * SURE * math.log(max(odds, 1e-9))})

    def _left(self, entries: Entries) -> Entries:
        """All that was not dropped; while the model is trained nothing quite is."""
        if not self.lowers or self.learned.training:
            return entries
        return entries.only(entries.visible & entries.known_weight.isfinite())

    def _part(self, layer: int) -> Any:
        assert isinstance(self.learned, nn.ModuleList)
        return self.learned[layer]


class _Interaction(nn.Module):
    """Queries and keys of one layer that tell what is kept, and how much is kept whatever they say."""

    def __init__(self, dim: int, rank: int) -> None:
        super().__init__()
        self.queries, self.keys = (nn.Linear(dim, rank, bias=False) for _ in range(2))
        for projection in (self.queries, self.keys):
            nn.init.normal_(projection.weight, std=0.3 * dim**-0.5)
        self.bias = nn.Parameter(torch.tensor(SURE))
