from collections.abc import Collection, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import torch
from pydantic import Field
from torch import Tensor

from prunarium.families import Attention, Shape, VitMethod
from prunarium.ops import Halting, Tokens


class AViT(VitMethod):
    """Let a token halt when its halting scores add up to 1; the answer is made of what each token was on its way.

    Yin et al., A-ViT: Adaptive Tokens for Efficient Vision Transformer, CVPR 2022 (arXiv 2112.07658), section 3. The
    score after a block is a sigmoid of the token's own first channel: nothing is added to the model, but it must be
    trained to use that channel so.
    """

    place: ClassVar[Literal["before"]] = "before"
    adaptive: ClassVar[bool] = True
    gate_scale: Annotated[float, Field(gt=0)] = Field(10.0, description="factor on the first channel (gamma)")
    gate_center: float = Field(
        30.0, description="subtracted before the sigmoid (-beta): the higher, the later they halt"
    )
    eps: Annotated[float, Field(gt=0, lt=1)] = Field(0.01, description="weight that may be missing when a token halts")
    ponder_weight: Annotated[float, Field(ge=0)] = Field(5e-4, description="of the blocks taken, in the training loss")

    def acts_at(self, shape: Shape) -> Collection[int]:
        return range(1, shape.depth)

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        before = tokens.memory.get("halting") or Halting.begin(tokens)
        score = (self.gate_scale * tokens.x[..., 0] - self.gate_center).sigmoid()
        halting, left = before.step(tokens, score, self.eps).leave(tokens)
        return left.remember(halting=halting)

    def finish(self, tokens: Tokens) -> Tokens:
        before = tokens.memory.get("halting") or Halting.begin(tokens)
        halting = before.step(tokens, torch.ones_like(tokens.x[..., 0]), self.eps)
        return halting.finish(tokens).remember(halting=halting)

    def loss(self, memory: Mapping[str, Any]) -> Tensor | None:
        """The ponder loss, equation 7."""
        return self.ponder_weight * memory["halting"].ponder.mean()

    def knob(self, amount: float, shape: Shape) -> Self:
        """Moves the centre over the range that the scaled channel can have."""
        share = min(max(amount, 1e-6), 1 - 1e-6)
        center = self.gate_scale * torch.tensor(share).logit().item()
        return self.model_copy(update={"gate_center": center if amount < 1 else 1e9})
