from collections.abc import Collection
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from prunarium.families import Attention, EncoderMethod, Shape, StagedMethod
from prunarium.ops import Tokens, pool_neighbours


class FunnelTransformer(StagedMethod, EncoderMethod):
    """Average neighbouring tokens before a few layers.

    Dai et al., Funnel-Transformer: Filtering out Sequential Redundancy for Efficient Language Processing, NeurIPS 2020
    (arXiv 2006.03236). The cls token is kept apart.
    """

    place: ClassVar[Literal["before"]] = "before"
    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.5, description="tokens that each pooling leaves, of those that reach it; 0.5 pools pairs"
    )

    def acts_at(self, shape: Shape) -> Collection[int]:
        thirds = tuple(sorted({max(1, shape.depth * third // 3) for third in (1, 2)} & set(range(shape.depth))))
        return super().acts_at(shape) if self.blocks is not None or not thirds else thirds

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        counts = self.kept_of_each(tokens)
        if tokens.reducible == 0 or (isinstance(counts, int) and counts == tokens.reducible):
            return tokens
        counts = max(counts, 1) if isinstance(counts, int) else counts.clamp(min=1)
        return tokens if self.keep_rate == 1 else pool_neighbours(tokens, counts)
