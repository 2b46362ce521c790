"""How much an answer hangs on each word of a text."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def saliency(model: Any, scores: Callable[[], Tensor], labels: Tensor) -> Tensor:
    """Gradient times input, as in AdapLeR (arXiv 2203.08991, section 3.1).

    Args:
        model: one of transformers', whose weights may be frozen.
        scores: its answers to a batch of texts ``[batch, classes]``.
        labels: the right ones ``[batch]``.

    Returns:
        the norm of each word's embedding times the gradient of the right answer's score, which sums to 1 over a text
        ``[batch, tokens]``.
    """
    seen: list[Tensor] = []

    def watch(module: nn.Module, args: Any, embedded: Tensor) -> Tensor:
        seen.append(embedded.detach().requires_grad_())
        return seen[0]

    hook = model.get_input_embeddings().register_forward_hook(watch)
    try:
        right = scores().gather(1, labels.unsqueeze(1)).sum()
    finally:
        hook.remove()
    (gradient,) = torch.autograd.grad(right, seen)
    hangs = (gradient * seen[0]).norm(dim=-1).detach()
    return hangs / hangs.sum(dim=1, keepdim=True)
