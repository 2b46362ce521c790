from collections.abc import Collection
from typing import Annotated, ClassVar, Literal, Self

import torch
from pydantic import Field

from prunarium.errors import PrunariumError
from prunarium.families import Attention, Shape, StagedMethod, VitMethod, check_stages
from prunarium.ops import Tokens, set_aside, take_back


class EvoViT(StagedMethod, VitMethod):
    """Process only the tokens that the cls token attends to most; the others wait and come back at the next stage.

    Xu et al., Evo-ViT: Slow-Fast Token Evolution for Dynamic Vision Transformer, AAAI 2022 (arXiv 2108.01390),
    sections 3.2 and 3.3.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"cls_attention"})
    place: ClassVar[Literal["before"]] = "before"
    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(
        0.5, description="share of all tokens that is processed from the first stage on"
    )
    blocks: tuple[Annotated[int, Field(ge=1, strict=True)], ...] | None = Field(
        None,
        min_length=1,
        description="blocks before which the tokens are sorted anew, from 1; default: at 1/3 and 2/3 of the depth",
    )
    tradeoff: Annotated[float, Field(ge=0, le=1)] = Field(
        0.5, description="weight of a block's cls attention in the running score, from the first stage on"
    )

    def knob(self, amount: float, shape: Shape) -> Self:
        """The share processed; below one half the first stage moves to block 1, with as many tokens in all."""
        if amount >= 0.5:
            return self.model_copy(update={"keep_rate": amount})
        blocks = self.fit(shape).blocks
        assert blocks is not None and shape.tokens is not None
        patches, late = shape.tokens - shape.prefix, shape.depth - blocks[0]
        half = (blocks[0] - 1 + late * int(patches / 2) / patches) / (shape.depth - 1)
        return self.model_copy(update={"keep_rate": max(2 * amount * half, 1e-6), "blocks": (1, *blocks[1:])})

    def fit(self, shape: Shape) -> Self:
        thirds = {max(1, shape.depth * third // 3) for third in (1, 2)}
        blocks = tuple(sorted(self.blocks or thirds))
        check_stages(blocks, shape.depth)
        return self.model_copy(update={"blocks": blocks})

    def acts_at(self, shape: Shape) -> Collection[int]:
        blocks = self.fit(shape).blocks
        assert blocks is not None
        return range(blocks[0], blocks[-1] + 1)

    def kept(self, tokens: Tokens, block: int) -> int:
        return max(1, int((tokens.original - tokens.prefix) * self.keep_rate))

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        assert self.blocks is not None, "fit to a model first"
        kept = self.kept(tokens, block)
        if kept >= tokens.original - tokens.prefix:
            return tokens
        score = attention.cls_attention[:, :, tokens.prefix :].sum(dim=1).detach()
        if "score" in tokens.memory:
            before, aside = tokens.memory["score"], tokens.memory["aside"]
            processed, waiting = before.split([before.shape[1] - aside.count, aside.count], dim=1)
            if processed.shape != score.shape:
                raise PrunariumError("EvoViT cannot share its stages with a method that reduces between them")
            score = torch.cat([processed.lerp(score, self.tradeoff), waiting], dim=1)
        if block in self.blocks:
            order = score.argsort(dim=1, descending=True)
            tokens, aside = set_aside(self.finish(tokens), order, kept)
            tokens, score = tokens.remember(aside=aside), score.gather(1, order)
        return tokens.remember(score=score)

    def finish(self, tokens: Tokens) -> Tokens:
        aside = tokens.memory.get("aside")
        return tokens if aside is None else take_back(tokens, aside)
