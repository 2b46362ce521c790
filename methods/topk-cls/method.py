from typing import ClassVar

from prunarium.families import Attention, StagedMethod, VitMethod
from prunarium.ops import Tokens, in_order, top


class TopKCls(StagedMethod, VitMethod):
    """Keep the tokens that the cls token attends to most, drop the others: the simplest informed baseline."""

    needs: ClassVar[frozenset[str]] = frozenset({"cls_attention"})

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        kept = self.kept(tokens, block)
        if kept == tokens.reducible:
            return tokens
        score = attention.cls_attention.mean(dim=1)[:, tokens.prefix :]
        return tokens.keep(in_order(top(score, kept)))
