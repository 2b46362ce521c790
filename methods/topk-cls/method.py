from collections.abc import Collection
from typing import ClassVar

from torch import Tensor

from prunarium.errors import PrunariumError
from prunarium.families import Attention, Family, Shape, StagedMethod, Tower
from prunarium.ops import Tokens, keep_best


class TopKCls(StagedMethod):
    """Keep the tokens that the cls token attends to most, drop the others: the simplest informed baseline.

    In a vision-language model it acts once, on what leaves the vision tower.
    """

    families: ClassVar[tuple[Family, ...]] = ("vit", "vlm", "encoder")
    needs: ClassVar[frozenset[str]] = frozenset({"cls_attention"})

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        kept = self.kept_of_each(tokens)
        return tokens if _all(tokens, kept) else self._best(tokens, attention.cls_attention, kept)

    def encode(self, tokens: Tokens, tower: Tower) -> Tokens:
        kept = self.kept_of_each(tokens)
        return tokens if _all(tokens, kept) else self._best(tokens, tower.cls_attention(), kept)

    def _best(self, tokens: Tokens, attention: Tensor, kept: int | Tensor) -> Tokens:
        return keep_best(tokens, attention.mean(dim=1)[:, tokens.prefix :], kept)

    def acts_at(self, shape: Shape) -> Collection[int]:
        if shape.family != "vlm":
            return super().acts_at(shape)
        if self.blocks is not None:
            raise PrunariumError("TopKCls has no blocks in a vision-language model: it acts behind the vision tower")
        return ()


def _all(tokens: Tokens, kept: int | Tensor) -> bool:
    return isinstance(kept, int) and kept == tokens.reducible
