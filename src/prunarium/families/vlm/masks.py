"""The attention mask that hides an image from the text behind it."""

import torch
from torch import Tensor


def hiding(text: Tensor, hidden: Tensor, real: Tensor | None) -> Tensor:
    """Which tokens each token of a prompt sees: those before it, of the hidden ones those alone that no text parts from
    it ``[batch, 1, tokens, tokens]``.

    Args:
        text: which tokens are text ``[batch, tokens]``.
        hidden: which are hidden from the text behind them ``[batch, tokens]``.
        real: which are no padding ``[batch, tokens]``; ``None`` when all are.
    """
    stretch = text.cumsum(dim=1)
    seen = (stretch.unsqueeze(2) == stretch.unsqueeze(1)) | ~hidden.unsqueeze(1)
    if real is not None:
        own = torch.eye(text.shape[1], dtype=torch.bool, device=text.device)
        seen = (seen & real.unsqueeze(1)) | own  # a row of padding sees itself, so that no row is empty
    return seen.tril().unsqueeze(1)
