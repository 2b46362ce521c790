from typing import ClassVar, Literal

from prunarium.families import Attention, LearnedStages, Shape, VitMethod
from prunarium.ops import KeepPredictor, Tokens, top


class DynamicViT(LearnedStages, VitMethod):
    """Keep the tokens that a small learned network scores highest, before three of the blocks.

    Rao et al., DynamicViT: Efficient Vision Transformers with Dynamic Token Sparsification, NeurIPS 2021
    (arXiv 2106.02034), sections 3.2 to 3.4. In training the network's decisions are drawn (Gumbel-softmax) and the
    tokens dropped are masked.
    """

    place: ClassVar[Literal["before"]] = "before"

    def part(self, shape: Shape) -> KeepPredictor:
        return KeepPredictor(shape.dim)

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        kept = self.kept(tokens, block)
        if kept == tokens.reducible:
            return tokens
        predictor = self.part_at(block)
        if predictor.training:
            return predictor.thin(tokens)
        return tokens.keep(top(predictor(tokens.x[:, tokens.prefix :])[..., 0], kept))
