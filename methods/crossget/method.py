from dataclasses import replace
from typing import ClassVar

from torch import Tensor, nn

from prunarium.families import KeptShareMethod, Tower
from prunarium.ops import Tokens, complete_matching


class CrossGET(KeptShareMethod):
    """Merge patches into similar ones, those first that the cls token has least in common with.

    Shi et al., CrossGET: Cross-Guided Ensemble of Tokens for Accelerating Vision-Language Transformers, ICML 2024
    (arXiv 2305.17455), complete-graph soft matching and cross-guided ensemble. Their learned cross tokens are not
    there: the cls token of the vision tower stands for them, and patches merge where they leave the tower.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"cls_attention"})

    def encode(self, tokens: Tokens, tower: Tower) -> Tokens:
        left = self.kept(tokens.count)
        if left == tokens.count:
            return tokens
        query = tower.queries().mean(dim=1)[:, :1]
        return _merged(tokens, tower.keys().mean(dim=1)[:, 1:], query, left)


def _merged(tokens: Tokens, keys: Tensor, query: Tensor, left: int) -> Tokens:
    """At most half of the tokens merge at once; their keys go with them."""
    while tokens.count > left:
        importance = nn.functional.cosine_similarity(keys, query, dim=-1)
        matching = complete_matching(keys, importance, tokens.count - left)
        keys = matching.merge(replace(tokens, x=keys)).x
        tokens = matching.merge(tokens)
    return tokens
