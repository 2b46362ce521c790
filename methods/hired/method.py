from typing import Annotated, ClassVar, Self

import torch
from pydantic import Field
from torch import Tensor

from prunarium.families import Shape, Tower, VlmMethod
from prunarium.ops import Tokens, top

Share = Annotated[float, Field(gt=0, le=1, strict=True)]


class HiRED(VlmMethod):
    """Share a budget of tokens out between the tiles of an image, and keep of each what its cls token attends to most.

    Arif et al., HiRED: Attention-Guided Token Dropping for Efficient Inference of High-Resolution Vision-Language
    Models, AAAI 2025 (arXiv 2408.10945), token budgets and token dropping. The thumbnail's cls attention in the tower's
    first layer tells which tiles show something; that in the layer whose output the features are ranks the patches. An
    image that is one tile keeps its share of patches.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"cls_attention"})
    newlines: ClassVar[bool] = False
    keep_rate: Share = Field(0.2, description="share of the patches of all tiles that is the budget; 1 keeps all")
    alpha: Share = Field(0.5, description="share of the budget that goes to the thumbnail, as far as it has patches")

    def encode(self, tokens: Tokens, tower: Tower) -> Tokens:
        if self.keep_rate == 1:
            return tokens
        tiles, patches = tokens.x.shape[:2]
        score = tower.cls_attention().sum(dim=1)
        if tower.tiles is None:
            budget = torch.full((tiles,), max(1, int(patches * self.keep_rate)), device=score.device)
        else:
            budget = self._budgets(tower, tiles, patches)
        rank = score.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
        return tokens.keep_where(rank < budget.unsqueeze(1))

    def _budgets(self, tower: Tower, tiles: int, patches: int) -> Tensor:
        """Patches that the thumbnail and each tile may keep ``[tiles]``."""
        total = int(tiles * patches * self.keep_rate)
        thumbnail = max(1, min(int(total * self.alpha), patches))
        marked = top(tower.cls_attention(0)[:1].sum(dim=1), int(patches * (1 - self.alpha)))[0]
        # as in the official code, the patches of a tile are a run of them row by row, and not a rectangle
        seen = (marked * (tiles - 1) // patches).bincount(minlength=tiles - 1).float()
        shares = (seen / seen.sum().clamp(min=1) * (total - thumbnail)).long().clamp(max=patches)
        return torch.cat([shares.new_tensor([thumbnail]), shares])

    def knob(self, amount: float, shape: Shape) -> Self:
        return self.model_copy(update={"keep_rate": max(amount, 1e-6)})
