from typing import Annotated, ClassVar, Self

import torch
from pydantic import Field
from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families import Attention, BoundedMethod, Shape
from prunarium.ops import Entries, earliest, highest


class SelectiveAttention(BoundedMethod):
    """Let every token mask earlier ones for all tokens behind it, by what one head's logits are above 0, and evict the
    entries that were masked most.

    Leviathan et al., Selective Attention Improves Transformer, ICLR 2025 (arXiv 2410.02703): section 3, selection and
    its accumulation; section 5, context pruning. Neither the first token nor itself is masked by a token.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"first_head_logits"})
    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.5,
        description="share of the prompt's tokens left in the cache; 1 leaves the model as it is, without selection; "
        "to select and evict nothing, give a capacity beyond the text",
    )
    shares: tuple[Annotated[float, Field(gt=0)], ...] | None = Field(
        None, description="how much of the cache each layer may hold, compared with the others; default: as much"
    )

    @property
    def protected(self) -> int:
        return 2

    @property
    def lowers(self) -> bool:
        return not self.everything

    def fit(self, shape: Shape) -> Self:
        if self.shares is not None and len(self.shares) != shape.depth:
            raise PrunariumError(
                f"{type(self).__name__} has shares for {len(self.shares)} layers, and the model has {shape.depth}; "
                "give one for each"
            )
        return self

    def mark_down(self, attention: Attention, there: Tensor, layer: int) -> Tensor:
        logits = attention.first_head_logits
        selected = logits.to(torch.promote_types(logits.dtype, torch.float32)).relu()
        tokens, entries = selected.shape[1:]
        itself = torch.eye(entries, dtype=torch.bool, device=logits.device)[entries - tokens :]
        return selected.masked_fill(itself | earliest(1, there).unsqueeze(1), 0)

    def keeps(self, entries: Entries, count: Tensor, layer: int) -> Tensor:
        """The first token, and what was masked least; of entries masked as much the later."""
        there = entries.visible
        merit = (-entries.known_weight).masked_fill(earliest(1, there), torch.inf)
        return highest(merit.flip(-1), self.of_layer(count, layer), there.flip(-1)).flip(-1)

    def of_layer(self, count: Tensor, layer: int) -> Tensor:
        """How many entries a layer may hold, of so many in the mean over layers; the first token and the last stay."""
        if self.shares is None:
            return count
        share = self.shares[layer] * len(self.shares) / sum(self.shares)
        return (count.double() * share).round().long().clamp(min=self.protected)
