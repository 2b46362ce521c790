from typing import Annotated, ClassVar

from pydantic import Field

from prunarium.families import KeptShareMethod, Tower
from prunarium.ops import Tokens, fold

SCALE = 30  # of the official code, brings attention to the size of a similarity


class Turbo(KeptShareMethod):
    """Merge the patches that are most similar to others and least attended to by the cls token.

    Ju et al., Turbo: Informativity-Driven Acceleration Plug-In for Vision-Language Large Models, ECCV 2024
    (arXiv 2407.11717): tokens merge by the information degree E = R - alpha * A, of mutual redundancy R and semantic
    value A. The paper merges a few patches in every block of the tower; here all merge where they leave it.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"cls_attention"})
    alpha: Annotated[float, Field(ge=0, strict=True)] = Field(1.0, description="weight of the cls token's attention")

    def encode(self, tokens: Tokens, tower: Tower) -> Tokens:
        left = self.kept(tokens.count)
        if left == tokens.count:
            return tokens
        return fold(tokens, left, worth=self.alpha * SCALE * tower.cls_attention().mean(dim=1))
