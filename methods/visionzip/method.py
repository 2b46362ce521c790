from typing import Annotated, ClassVar, Self

import torch
from pydantic import Field

from prunarium.families import Shape, Tower, VlmMethod
from prunarium.ops import DROPPED, Move, Tokens, add_at, gather, in_order, most_similar, others, top

Amount = Annotated[int, Field(ge=1, strict=True)] | Annotated[float, Field(gt=0, le=1, strict=True)]


class VisionZip(VlmMethod):
    """Keep the cls token and the patches it attends to most, and merge all others into a few contextual tokens.

    Yang et al., VisionZip: Longer is Better but Not Necessary in Vision Language Models, CVPR 2025 (arXiv 2412.04467),
    dominant token selection and contextual tokens merging. Contextual tokens are spread evenly over the patches that
    are not dominant; each is one of these plus the mean of those whose keys are most like its own.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"cls_attention"})
    newlines: ClassVar[bool] = False
    dominant: Amount = Field(
        54 / 576, description="dominant tokens of each tile, the cls token among them: a number, or a share of patches"
    )
    contextual: Amount = Field(
        10 / 576, description="tokens of each tile that the others merge into: a number, or a share of its patches"
    )

    def encode(self, tokens: Tokens, tower: Tower) -> Tokens:
        x, count = tokens.x, tokens.count
        dominant, contextual = (_number(amount, count) for amount in (self.dominant, self.contextual))
        if dominant + contextual >= count:
            return tokens
        kept = in_order(top(tower.cls_attention().sum(dim=1), dominant - 1))
        rest = others(kept, count)
        places = torch.arange(rest.shape[1], device=x.device)
        step = rest.shape[1] // contextual
        is_target = (places % step == 0) & (places < step * contextual)
        target, given = rest[:, is_target], rest[:, ~is_target]
        metric = tower.keys().mean(dim=1)[:, 1:]
        _, into = most_similar(gather(metric, given), gather(metric, target))
        sums = add_at(x.new_zeros(len(x), contextual, x.shape[-1]), into, gather(x, given))
        members = torch.zeros_like(target).scatter_add(1, into, torch.ones_like(into))
        merged = gather(x, target) + sums / members.clamp(min=1).unsqueeze(-1)

        def group() -> torch.Tensor:
            number = torch.arange(1, dominant + contextual, device=x.device).expand(len(x), -1)
            home = torch.empty((len(x), count), dtype=torch.long, device=x.device)
            return home.scatter(1, torch.cat([kept, target], dim=1), number).scatter(1, given, into + dominant)

        nobody = torch.full((len(x), contextual), DROPPED, device=x.device)
        position = torch.cat([nobody[:, :1], kept, nobody], dim=1)
        return tokens.moved(torch.cat([tower.cls, gather(x, kept), merged], dim=1), None, Move(position, group))

    def knob(self, amount: float, shape: Shape) -> Self:
        """As many dominant tokens to a contextual one as in the paper, 54 to 10."""
        amount = max(amount, 1e-6)
        return self.model_copy(update={"dominant": amount * 54 / 64, "contextual": amount * 10 / 64})


def _number(amount: float, count: int) -> int:
    return amount if isinstance(amount, int) else max(1, round(amount * count))
