from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from prunarium.families import RegridMethod, Tower


class DeCo(RegridMethod):
    """Pool the patches of each tile to a smaller grid, before the projector.

    Yao et al., DeCo: Decoupling Token Compression from Semantic Abstraction in Multimodal Large Language Models, 2024
    (arXiv 2405.20985), the adaptive average pooling. The paper makes 144 tokens of 576.
    """

    def regrid(self, patches: Tensor, tower: Tower, size: tuple[int, int]) -> Tensor:
        return adaptive_avg_pool2d(patches, size).flatten(2).transpose(1, 2)
