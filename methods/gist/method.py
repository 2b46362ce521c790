from prunarium.families import Context, Past, SoftTokenMethod, joined


class Gist(SoftTokenMethod):
    """Put learned gist tokens behind a prompt: what comes after them sees them, and the prompt leaves the cache.

    Mu et al., Learning to Compress Prompts with Gist Tokens, NeurIPS 2023 (arXiv 2304.08467), section 3: the mask of
    figure 2, which hides everything before the gist tokens from everything behind them.
    """

    def summarise(self, context: Context, number: int) -> Past:
        _, past = context.read(joined(context.embeddings, self.soft(context, number)))
        return past.last(number)
