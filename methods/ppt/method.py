from itertools import pairwise
from typing import Annotated, ClassVar, Self

from pydantic import Field

from prunarium.families import Attention, Block, PerBlock, PerBlockMethod, Shape, check_stages
from prunarium.ops import Tokens, attention_times_value, bipartite_soft_matching, choose, top


class PPT(PerBlockMethod):
    """Pool the tokens of an image in which all matter about alike; prune those of one in which a few matter.

    Wu et al., PPT: Token Pruning and Pooling for Efficient Vision Transformers, 2023 (arXiv 2310.01812), section 3.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"cls_attention", "keys", "values"})
    r: PerBlock = Field(
        50,
        description="tokens lost at each of the blocks: a number, or a list with one number for every block of the "
        "model; at most half of the tokens go at once",
    )
    blocks: tuple[Block, ...] | None = Field(
        None, min_length=1, description="blocks that reduce, where r is a number; default: at 1/4, 1/2 and 3/4"
    )
    threshold: Annotated[float, Field(ge=0)] = Field(
        7e-5, description="variance of the tokens' scores, which sum to 1, from which on an image is pruned"
    )
    proportional_attention: bool = Field(True, description="count a pooled token as often as the tokens it stands for")

    @property
    def size_bias(self) -> bool:
        return self.proportional_attention

    def stages(self, shape: Shape) -> tuple[int, ...]:
        """Blocks that reduce, in order."""
        blocks = shape.stages if self.blocks is None else tuple(sorted(self.blocks))
        check_stages(blocks, shape.depth)
        return blocks

    def schedule(self, shape: Shape) -> list[int]:
        if isinstance(self.r, int):
            return [self.r if block in self.stages(shape) else 0 for block in range(shape.depth)]
        return super().schedule(shape)

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        score = attention_times_value(attention.cls_attention, attention.values, tokens.prefix)
        matching = bipartite_soft_matching(attention.keys.mean(dim=1), self.lost(block), tokens.prefix)
        pruned = tokens.keep(top(score, tokens.reducible - matching.r))
        return choose(score.var(dim=1) < self.threshold, matching.merge(tokens), pruned)

    def knob(self, amount: float, shape: Shape) -> Self:
        """Down to half of the tokens at every stage; below that the stages move towards the first blocks."""
        assert shape.tokens is not None
        stages = self.stages(shape)
        mix = abs(2 * amount - 1)

        def left(block: int) -> float:
            late = 0.5 ** sum(stage <= block for stage in stages)
            far = 1.0 if amount > 0.5 else 0.5 ** min(block + 1, len(stages))
            return mix * far + (1 - mix) * late

        patches = shape.tokens - shape.prefix
        counts = [patches, *(round(patches * left(block)) for block in range(shape.depth))]
        return self.model_copy(update={"r": [before - after for before, after in pairwise(counts)]})
