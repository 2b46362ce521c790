from collections.abc import Collection
from dataclasses import replace
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from prunarium.errors import PrunariumError
from prunarium.families import Attention, Shape, VitMethod
from prunarium.ops import Tokens, absorb, gather, most_similar, top

Kept = Annotated[list[Annotated[int, Field(ge=1, strict=True)]], Field(min_length=1)]


class DiffRate(VitMethod):
    """In every block prune the tokens that matter least, then merge the next ones into those that matter most.

    Chen et al., DiffRate: Differentiable Compression Rate for Efficient Vision Transformers, ICCV 2023
    (arXiv 2305.17997), sections 3.2 and 3.3. ``scripts/search_diffrate.py`` finds the two schedules for a model.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"cls_attention"})
    after_pruning: Kept | None = Field(
        None, description="tokens left by pruning in each block, prefix included; default: half way to after_merging"
    )
    after_merging: Kept | None = Field(
        None,
        description="tokens left in each block, prefix included; default: the same share in every block, a half of all "
        "in the middle of the depth",
    )
    proportional_attention: bool = Field(True, description="count a merged token as often as the tokens it stands for")

    @model_validator(mode="after")
    def _schedules_agree(self) -> Self:
        pruning, merging = self.after_pruning, self.after_merging
        if pruning is not None and (merging is None or len(pruning) != len(merging)):
            raise ValueError("after_pruning and after_merging must list the same blocks")
        if any(one < other for one, other in zip(pruning or (), merging or (), strict=False)):
            raise ValueError("after_merging leaves more tokens than after_pruning")
        return self

    @property
    def size_bias(self) -> bool:
        return self.proportional_attention

    def fit(self, shape: Shape) -> Self:
        if self.after_merging is None:
            return self.knob(0.5, shape)
        if len(self.after_merging) > shape.depth:
            raise PrunariumError(f"the schedule lists {len(self.after_merging)} blocks, the model has {shape.depth}")
        if min(self.after_merging) <= shape.prefix:
            raise PrunariumError(f"after_merging has to leave more tokens than the prefix, which are {shape.prefix}")
        pruning = self.after_pruning or _half_way(self.after_merging, shape.tokens)
        return self.model_copy(update={"after_pruning": pruning})

    def acts_at(self, shape: Shape) -> Collection[int]:
        return range(len(self.after_merging or range(shape.depth)))

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        assert self.after_pruning is not None and self.after_merging is not None, "fit to a model first"
        pruned, left = (min(count[block], tokens.count) for count in (self.after_pruning, self.after_merging))
        if left == tokens.count:
            return tokens
        prefix = tokens.prefix
        order = top(attention.cls_attention[:, :, prefix:].mean(dim=1), pruned - prefix)
        kept, given = order[:, : left - prefix], order[:, left - prefix :]
        if pruned == left:
            return tokens.keep(kept)
        similarity, into = most_similar(gather(tokens.x, given + prefix), gather(tokens.x, kept + prefix))
        size = tokens.x.new_ones(tokens.x.shape[:2]) if tokens.size is None else tokens.size
        lent = size.gather(1, given + prefix) * similarity.clamp(min=0).to(size.dtype)
        tokens = replace(tokens, size=size.scatter(1, given + prefix, lent))
        return absorb(tokens, kept, given, into, alike=True)

    def knob(self, amount: float, shape: Shape) -> Self:
        """The same share lost in every block, half of it pruned, half of it merged."""
        if shape.tokens is None:
            raise PrunariumError("the number of tokens is not known before the model runs; give DiffRate its schedules")
        patches = shape.tokens - shape.prefix
        left = [
            shape.prefix + max(1, round(patches * max(amount, 1e-6) ** (2 * (block + 1) / shape.depth)))
            for block in range(shape.depth)
        ]
        return self.model_copy(update={"after_merging": left, "after_pruning": _half_way(left, shape.tokens)})


def _half_way(left: list[int], tokens: int | None) -> list[int]:
    before = [tokens or left[0], *left[:-1]]
    return [(one + other + 1) // 2 for one, other in zip(before, left, strict=True)]
