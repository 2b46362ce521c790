"""Methods that let the last tokens of a prompt tell what matters in it."""

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field, field_validator
from torch import Tensor

from prunarium.families.base import Attention
from prunarium.families.decoder.bounded import EvictingMethod
from prunarium.ops import Entries, highest, latest, smooth


class ObservingMethod(EvictingMethod):
    """A method that keeps a window of the prompt's last tokens, and before it what they attend to, smoothed.

    Li et al., NeurIPS 2024 (arXiv 2404.14469), section 4.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"window_attention"})
    window: Annotated[int, Field(ge=1, strict=True)] = Field(
        32, description="tokens at the end of the prompt that tell what matters, and stay"
    )
    kernel: Annotated[int, Field(ge=1, strict=True)] = Field(
        5, description="neighbouring tokens over which their attention is pooled; odd"
    )
    pooling: Literal["avg", "max"] = Field("avg", description="whether pooling takes the mean or the largest")

    @field_validator("kernel")
    @classmethod
    def _odd(cls, kernel: int) -> int:
        if kernel % 2 == 0:
            raise ValueError("an even number has no middle; give an odd one")
        return kernel

    @property
    def observed(self) -> int:
        return self.window

    @property
    def protected(self) -> int:
        return self.window

    def weigh(self, attention: Attention, entries: Entries, layer: int) -> Tensor:
        return attention.window_attention.sum(dim=2)

    def keeps(self, entries: Entries, count: Tensor, layer: int) -> Tensor:
        """The window, and as many before it as the count leaves room for."""
        there = entries.visible
        window = latest(torch.full_like(entries.lengths, self.window), there)
        older = there & ~window
        seen = smooth(entries.known_weight.masked_fill(~older, 0), self.kernel, self.pooling)
        return window | highest(seen, count - self.window, older)
