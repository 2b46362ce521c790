from collections.abc import Collection
from typing import Annotated, ClassVar, Self

from pydantic import Field

from prunarium.families import Attention, Block, Shape, VitMethod, check_stages
from prunarium.ops import Tokens, attention_times_value, inverse_transform_sample

_MOST = 1000.0
"""A search for a budget that is out of reach must not fill the memory with samples."""


class ATS(VitMethod):
    """Sample tokens by how much the cls token attends to them; an image with a few strong ones keeps few.

    Fayyaz et al., Adaptive Token Sampling For Efficient Vision Transformers, ECCV 2022 (arXiv 2111.15667), section 3.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"cls_attention", "values"})
    adaptive: ClassVar[bool] = True
    samples: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        1.0,
        description="how often each block samples, of the number of tokens that entered the model (prefix left out); "
        "no block keeps more tokens",
    )
    blocks: tuple[Block, ...] | None = Field(
        None, description="blocks that sample; default: all from 1/4 of the depth on; empty: none"
    )

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        score = attention_times_value(attention.cls_attention, attention.values, tokens.prefix)
        there = None if tokens.there is None else tokens.there[:, tokens.prefix :]
        points = max(1, round(self.samples * (tokens.original - tokens.prefix)))
        return tokens.keep_where(inverse_transform_sample(score, points, there))

    def acts_at(self, shape: Shape) -> Collection[int]:
        blocks = range(shape.depth // 4, shape.depth) if self.blocks is None else self.blocks
        check_stages(blocks, shape.depth)
        return blocks

    def knob(self, amount: float, shape: Shape) -> Self:
        """From one sample to the paper's number at 0.5 and far beyond towards 1, where nothing is sampled any more: the
        token that matters least is lost at every sampling."""
        if amount == 1:
            return self.model_copy(update={"blocks": ()})
        return self.model_copy(update={"samples": min(max(amount, 1e-6) / (1 - amount), _MOST)})
