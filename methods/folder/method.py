from dataclasses import replace
from typing import Annotated

from pydantic import Field

from prunarium.families import KeptShareMethod, Tower
from prunarium.ops import Tokens, fold


class FOLDER(KeptShareMethod):
    """Merge the most similar patches that leave the vision tower, in as many bipartite steps as it takes.

    Wang et al., FOLDER: Accelerating Multi-Modal Large Language Models with Enhanced Performance, ICCV 2025
    (arXiv 2501.02430), the FOLD step with simple averaging. The official setting for LLaVA-1.5 removes 66 %: r = 16 for
    each of 24 layers, all at once in the last.
    """

    keep_rate: Annotated[float, Field(gt=0, le=1, strict=True)] = Field(0.34, description="share of the patches left")

    def encode(self, tokens: Tokens, tower: Tower) -> Tokens:
        left = tokens.prefix + self.kept(tokens.reducible)
        if left == tokens.count:
            return tokens
        return _lengthened(fold(tokens, left), tokens.count - left)


def _lengthened(folded: Tokens, lost: int) -> Tokens:
    """Each token times (1 + log size), unless between about a third and a half of them went: as in the official code,
    which asks for what it has not yet merged to be less than half of what is left."""
    assert folded.size is not None
    if len(folded.moves) == 1 and lost >= folded.count // 2:
        return folded
    return replace(folded, x=folded.x * (1 + folded.size.log()).unsqueeze(-1))
