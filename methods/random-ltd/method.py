from typing import Annotated, Self

import torch
from pydantic import Field, PrivateAttr
from torch import Tensor

from prunarium.families import DecoderMethod, Shape


class RandomLTD(DecoderMethod):
    """Train every layer but the first and the last on other random tokens; the rest pass it by.

    Yao et al., Random-LTD: Random and Layerwise Token Dropping Brings Efficient Training for Large-scale Transformers
    (arXiv 2211.11586). Outside of training the model is untouched. Draws are torch's, as those of dropout.
    """

    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.5, description="share of the tokens that a layer works on; apply anew with more as training goes on"
    )
    _depth: int = PrivateAttr(1)

    def fit(self, shape: Shape) -> Self:
        fitted = self.model_copy()
        fitted._depth = shape.depth
        return fitted

    def route(self, hidden: Tensor, layer: int) -> Tensor | None:
        batch, tokens = hidden.shape[:2]
        count = max(1, round(self.keep_rate * tokens))
        if count == tokens or layer in (0, self._depth - 1):
            return None
        return torch.rand(batch, tokens, device=hidden.device).topk(count, dim=1).indices.sort(dim=1).values
