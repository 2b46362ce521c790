from typing import Annotated, ClassVar, Self

from pydantic import Field

from prunarium.errors import PrunariumError
from prunarium.families import Attention, Shape, VitMethod
from prunarium.ops import Tokens, bipartite_soft_matching

Count = Annotated[int, Field(ge=0, strict=True)]


class ToMe(VitMethod):
    """Merge the r most similar token pairs in every block.

    Bolya et al., Token Merging: Your ViT But Faster, ICLR 2023 (arXiv 2210.09461), section 3.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"keys"})
    r: Count | Annotated[list[Count], Field(min_length=1)] | tuple[Count, Annotated[float, Field(ge=-1, le=1)]] = Field(
        8,
        description="tokens merged away in each block: a number; a list, one number per block; or (r, inflection), "
        "linear over the blocks with mean r, from 2r to 0 at inflection -1 (write 1.0, not 1, as the inflection: "
        "[8, 1] is a list); at most half of the tokens merge at once",
    )
    proportional_attention: bool = Field(True, description="count a merged token as often as the tokens it stands for")

    @property
    def size_bias(self) -> bool:
        return self.proportional_attention

    def schedule(self, depth: int) -> list[int]:
        """Tokens to merge in each block. Appendix D of the paper, and its code for the rounding."""
        if isinstance(self.r, int):
            return [self.r] * depth
        if isinstance(self.r, list):
            if len(self.r) > depth:
                raise PrunariumError(f"r lists {len(self.r)} blocks, the model has {depth}")
            return self.r + [0] * (depth - len(self.r))
        mean, inflection = self.r
        low = int(mean * (1 - inflection))
        high = 2 * mean - low
        return [int(low + (high - low) * block / max(depth - 1, 1)) for block in range(depth)]

    def fit(self, shape: Shape) -> Self:
        return self.model_copy(update={"r": self.schedule(shape.depth)})

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        assert isinstance(self.r, list), "fit to a model first"
        if self.r[block] == 0:
            return tokens
        matching = bipartite_soft_matching(attention.keys.mean(dim=1), self.r[block], tokens.prefix)
        return matching.merge(tokens)

    def knob(self, amount: float, shape: Shape) -> Self:
        """A constant r, its fraction spread evenly over the blocks."""
        assert shape.tokens is not None
        r = (1 - amount) * shape.tokens / 2
        return self.model_copy(update={"r": [int((i + 1) * r) - int(i * r) for i in range(shape.depth)]})
