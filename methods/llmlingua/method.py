from collections.abc import Sequence

from torch import Tensor

from prunarium.families import IterativeMethod, Prompt


class LLMLingua(IterativeMethod):
    """Leave out contexts that surprise least, then the tokens that a small language model expects anyway.

    Jiang et al., LLMLingua: Compressing Prompts for Accelerated Inference of Large Language Models, EMNLP 2023 (arXiv
    2310.05736), section 3. As in the official code a token is judged by the loss of the one behind it.
    """

    def order(self, prompt: Prompt, contexts: Sequence[Sequence[int]]) -> list[int]:
        means = [float(losses.mean()) if len(losses) else 0.0 for losses in prompt.scorer.losses(contexts)]
        return sorted(range(len(means)), key=lambda at: -means[at])

    def worth(self, prompt: Prompt, ids: Sequence[int], start: int) -> Tensor:
        found: list[Tensor] = prompt.scorer.losses([ids], start)
        return found[0]
