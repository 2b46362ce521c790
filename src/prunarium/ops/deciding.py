"""Hard decisions that can be learned: what is decided is yes or no, what the gradient sees is smooth."""

from torch import Tensor, nn


def above(score: Tensor, threshold: Tensor, temperature: float) -> Tensor:
    """1.0 where a score is above a threshold, else 0.0, with the gradient of a sigmoid of that temperature."""
    margin = score - threshold
    soft = (margin / temperature).sigmoid()
    return (margin > 0).to(soft.dtype) + soft - soft.detach()


def drawn(logits: Tensor) -> Tensor:
    """1.0 where the first of two classes is drawn by its probability, else 0.0, with the gradient of Gumbel-softmax.

    Args:
        logits: ``[..., 2]``.
    """
    return nn.functional.gumbel_softmax(logits, hard=True)[..., 0]
