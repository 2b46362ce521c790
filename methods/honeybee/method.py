from functools import partial
from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from prunarium.families import LearnedVlmMethod, RegridMethod, Shape, Tower


class Honeybee(LearnedVlmMethod, RegridMethod):
    """Make the patches of each tile a smaller grid, between convolutions: the C-Abstractor.

    Cha et al., Honeybee: Locality-enhanced Projector for Multimodal LLM, CVPR 2024 (arXiv 2312.06742), section 4.2: a
    stage of RegNet, adaptive average pooling, and another stage. The paper makes 144 tokens of 576 or 256 of 1,024.
    """

    depth: Annotated[int, Field(ge=1, strict=True)] = Field(3, description="blocks of each of the two stages")
    residual: bool = Field(
        True,
        description="whether what the abstractor makes is added to the pooled patches; the paper puts it there alone",
    )

    def parts(self, shape: Shape) -> "CAbstractor":
        return CAbstractor(shape.tower_dim, self.depth, self.residual)

    def regrid(self, patches: Tensor, tower: Tower, size: tuple[int, int]) -> Tensor:
        return self.learned(patches, size)


class CAbstractor(nn.Module):
    """Two stages of RegNet around a pooling. With a residual, it begins as the pooling alone."""

    def __init__(self, dim: int, depth: int, residual: bool) -> None:
        from timm.layers import LayerNorm2d
        from timm.models.regnet import RegStage

        super().__init__()
        stage = partial(RegStage, depth, dim, dim, stride=1, dilation=1, act_layer=nn.SiLU, norm_layer=LayerNorm2d)
        self.before, self.after = stage(), stage()
        self.out = nn.Linear(dim, dim) if residual else None
        if self.out is not None:
            nn.init.zeros_(self.out.weight)
            nn.init.zeros_(self.out.bias)

    def forward(self, patches: Tensor, size: tuple[int, int]) -> Tensor:
        """New tokens ``[tiles, rows * columns, dim]`` of patches ``[tiles, dim, rows, columns]``."""
        pool = partial(nn.functional.adaptive_avg_pool2d, output_size=size)
        made = _listed(self.after(pool(self.before(patches))))
        return made if self.out is None else _listed(pool(patches)) + self.out(made)


def _listed(grid: Tensor) -> Tensor:
    return grid.flatten(2).transpose(1, 2)
