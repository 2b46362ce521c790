from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from prunarium.families import Attention, Block, Shape, VlmMethod, check_stages
from prunarium.ops import Tokens, in_order, top

Rate = Annotated[float, Field(gt=0, le=1, strict=True)]


class PyramidDrop(VlmMethod):
    """Drop image tokens at a few layers, each time down to a smaller share of those that entered the model.

    The ones kept are those that the last prompt token would attend to most in the layer that comes. Xing et al.,
    PyramidDrop: Accelerating Your Large Vision-Language Models via Pyramid Visual Redundancy Reduction, published as
    Conical Visual Concentration, CVPR 2025 (arXiv 2410.17247), section 3.2. The paper's ratio is ``keep_rates[0]``; on
    32 layers and with 0.5 it drops before layers 8, 16 and 24.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"ahead_attention"})
    positions: ClassVar[Literal["kept", "renumbered"]] = "renumbered"
    layers: Annotated[tuple[Block, ...], Field(min_length=1)] | None = Field(
        None,
        description="layers before which tokens are dropped, counted from 0; default: those that part the depth evenly",
    )
    keep_rates: Annotated[tuple[Rate, ...], Field(min_length=1)] = Field(
        (0.5, 0.25, 0.125), description="share of all image tokens that is left from each of the layers on"
    )

    @model_validator(mode="after")
    def _stages_agree(self) -> Self:
        layers, rates = self.layers, self.keep_rates
        if layers is not None and (len(layers) != len(rates) or list(layers) != sorted(set(layers))):
            raise ValueError("layers must rise, and be as many as keep_rates")
        if list(rates) != sorted(rates, reverse=True):
            raise ValueError("keep_rates must fall")
        return self

    def fit(self, shape: Shape) -> Self:
        return self.model_copy(update={"layers": self.acts_at(shape)})

    def acts_at(self, shape: Shape) -> tuple[int, ...]:
        parts = len(self.keep_rates) + 1
        layers = self.layers
        if layers is None:
            layers = tuple(stage * shape.depth // parts for stage in range(1, parts))
        check_stages(layers, shape.depth)
        return layers

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        assert self.layers is not None, "fit to a model first"
        # two stages fall on one layer where a model has fewer layers than stages
        rate = min(rate for layer, rate in zip(self.layers, self.keep_rates, strict=True) if layer == block)
        kept = max(1, int(tokens.original * rate))
        if kept >= tokens.reducible:
            return tokens
        return tokens.keep(in_order(top(attention.ahead_attention.mean(dim=1), kept)))

    def knob(self, amount: float, shape: Shape) -> Self:
        """The same share lost at every stage, as the paper's ratio."""
        rates = tuple(max(amount, 1e-6) ** stage for stage in range(1, len(self.keep_rates) + 1))
        return self.model_copy(update={"keep_rates": rates})
