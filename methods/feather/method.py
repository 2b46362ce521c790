from typing import Annotated, ClassVar, Self

import torch
from pydantic import Field, model_validator

from prunarium.families import Attention, Block, Shape, VlmMethod, after_first, check_stages
from prunarium.ops import Tokens, in_order, top


class FEATHER(VlmMethod):
    """Drop image tokens in two stages, by the last prompt token's attention without rotary position embedding.

    The first stage also keeps every third row's every third patch, so that no part of the image goes; the second drops
    more, when attention tells more. Endo et al., Feather the Throttle: Revisiting Visual Token Pruning for
    Vision-Language Model Acceleration, ICCV 2025 (arXiv 2412.13180), sections 4.1 and 4.2. The paper's R is
    ``drop_rate``; its layers are 8 and 16 of 32.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"unrotated_last_attention", "image_cells"})
    adaptive: ClassVar[bool] = True
    layers: tuple[Block, Block] | None = Field(
        None, description="layers before which tokens are dropped, counted from 0; default: at 1/4 and 1/2 of the depth"
    )
    drop_rate: Annotated[float, Field(ge=0, lt=1, strict=True)] = Field(
        0.7, description="share of the tokens that the score drops at the first stage; the second keeps (1 - it)^2"
    )
    stride: Annotated[int, Field(ge=1, strict=True)] = Field(
        3, description="the first stage keeps every so manieth patch of every so manieth row, whatever its score"
    )

    @model_validator(mode="after")
    def _layers_rise(self) -> Self:
        if self.layers is not None and self.layers[0] >= self.layers[1]:
            raise ValueError("layers must rise")
        return self

    def fit(self, shape: Shape) -> Self:
        return self.model_copy(update={"layers": self.acts_at(shape)})

    def acts_at(self, shape: Shape) -> tuple[int, ...]:
        layers = self.layers or (max(1, shape.depth // 4), max(2, shape.depth // 2))
        check_stages(layers, shape.depth)
        return tuple(after_first(layers, asked_for=True))

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        assert self.layers is not None, "fit to a model first"
        first = block == self.layers[0]
        kept = max(1, int(tokens.reducible * (1 - self.drop_rate) ** (1 if first else 2)))
        if kept == tokens.reducible:
            return tokens
        best = top(attention.unrotated_last_attention.mean(dim=1), kept)
        if not first:
            return tokens.keep(in_order(best))
        cells = attention.image_cells
        on_grid = ((cells % self.stride == 0) & (cells >= 0)).all(dim=-1)
        return tokens.keep_where(on_grid | torch.zeros_like(on_grid).scatter(1, best, True))

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"drop_rate": min(1 - amount, 1 - 1e-6)})
