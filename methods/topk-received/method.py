from typing import ClassVar

from prunarium.families import Attention, EncoderMethod, StagedMethod
from prunarium.ops import Tokens, keep_best


class TopKReceived(StagedMethod, EncoderMethod):
    """Keep the tokens that receive most attention from all tokens, drop the others: the simplest informed baseline."""

    needs: ClassVar[frozenset[str]] = frozenset({"received_attention"})

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        counts = self.kept_of_each(tokens)
        if isinstance(counts, int) and counts == tokens.reducible:
            return tokens
        return keep_best(tokens, attention.received_attention[:, tokens.prefix :], counts)
