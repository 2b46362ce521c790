from prunarium.families import Attention, RetentionMethod
from prunarium.ops import Tokens, covering_order, keep_best


class PyramidBert(RetentionMethod):
    """Keep in each layer a core-set: tokens chosen one after the other, each the farthest from those before it.

    Huang et al., Pyramid-BERT: Reducing Complexity via Successive Core-set based Token Selection, ACL 2022
    (arXiv 2203.14380). The cls token is the first of the core-set.
    """

    def reduce(self, tokens: Tokens, attention: Attention, block: int) -> Tokens:
        kept = self.kept(tokens, block)
        most = int(kept.max()) if not isinstance(kept, int) else kept
        if most >= tokens.reducible:
            return tokens
        order = covering_order(tokens.x, most + tokens.prefix, tokens.there)
        return keep_best(tokens, -order[:, tokens.prefix :], kept)
