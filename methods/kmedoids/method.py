from collections.abc import Collection
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from prunarium.families import Attention, CumulativeMethod, Shape, VitMethod, after_first
from prunarium.ops import Tokens, k_medoids, stand_in


class KMedoids(CumulativeMethod, VitMethod):
    """Cluster the tokens by k-medoids, weighted by the attention they received, and keep the medoids as they are.

    The K-Medoids baseline of Haurum et al., Which Tokens to Use? Investigating Token Reduction in Vision Transformers,
    ICCV Workshops 2023 (arXiv 2308.04657), section 3; the weights as in Marin et al., Token Pooling (arXiv 2110.03860).
    """

    place: ClassVar[Literal["before"]] = "before"
    needs: ClassVar[frozenset[str]] = frozenset({"received_attention"})
    rounds: Annotated[int, Field(ge=1, strict=True)] = Field(3, description="how often the medoids move")

    def acts_at(self, shape: Shape) -> Collection[int]:
        return after_first(super().acts_at(shape), asked_for=self.blocks is not None)

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        kept, x = self.kept(tokens, block), tokens.x[:, tokens.prefix :]
        if kept == tokens.reducible:
            return tokens
        received = attention.received_attention[:, tokens.prefix :]
        medoids, cluster = k_medoids(x, received.detach(), kept, self.rounds)
        return stand_in(tokens, cluster, medoids)
