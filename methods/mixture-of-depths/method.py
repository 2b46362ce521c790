from collections.abc import Mapping
from typing import Annotated, Any, Self

import torch
from pydantic import Field
from torch import Tensor, nn

from prunarium.families import LearnedDecoderMethod, Shape
from prunarium.ops import highest, share_of


class MixtureOfDepths(LearnedDecoderMethod):
    """Let every second layer work on the tokens that its router ranks highest, and on words by the router's sign; the
    others pass it by, and have no keys and values there.

    Raposo et al., Mixture-of-Depths: Dynamically allocating compute in transformer-based language models, 2024
    (arXiv 2404.02258), section 3: expert-choice routing, and for words the auxiliary loss of section 3.5.
    """

    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.125, description="share of a prompt's tokens that such a layer works on; 1 leaves the model as it is"
    )
    every: Annotated[int, Field(ge=1, strict=True)] = Field(2, description="the last of so many layers is routed")
    router_weight: Annotated[float, Field(ge=0)] = Field(
        0.01, description="weight in a training loss of how badly the router's sign tells what is chosen"
    )

    @property
    def skips(self) -> bool:
        return self.keep_rate < 1

    def parts(self, shape: Shape) -> nn.ModuleDict:
        routed = range(self.every - 1, shape.depth, self.every)
        return nn.ModuleDict({str(layer): _router(shape.dim) for layer in routed})

    def choose(self, hidden: Tensor, there: Tensor, layer: int, prompt: bool) -> Tensor | None:
        if not self.skips or not self._routed(layer):
            return None
        logits = self._logits(hidden, layer)
        if not prompt:
            return logits > 0
        return highest(logits, share_of(there.sum(dim=1), self.keep_rate).clamp(min=1), there)

    def blend(self, entered: Tensor, output: Tensor, layer: int) -> Tensor:
        """What the layer adds to a token counts twice the router's probability, about once before any training."""
        if not self._routed(layer):
            return output
        return entered + 2 * self._logits(entered, layer).sigmoid().unsqueeze(-1) * (output - entered)

    def loss(self, memory: Mapping[str, Any]) -> Tensor | None:
        """Cross-entropy of what was chosen of prompts, given the router's logits; it reaches the routers alone."""
        missed = [
            nn.functional.binary_cross_entropy_with_logits(
                self._logits(hidden, layer)[there], chosen[there].to(hidden.dtype)
            )
            for layer, hidden, chosen, there in memory.get("choices", ())
        ]
        return self.router_weight * torch.stack(missed).mean() if missed else None

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"keep_rate": max(amount, 1e-6)})

    def _routed(self, layer: int) -> bool:
        return layer % self.every == self.every - 1

    def _logits(self, hidden: Tensor, layer: int) -> Tensor:
        """The router's, of each token ``[batch, tokens]``."""
        logits: Tensor = self.learned.get_submodule(str(layer))(hidden)
        return logits.squeeze(-1)


def _router(dim: int) -> nn.Linear:
    router = nn.Linear(dim, 1)
    nn.init.normal_(router.weight, std=0.02)
    nn.init.zeros_(router.bias)
    return router
