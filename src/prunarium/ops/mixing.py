"""New tokens as mixtures of all the old ones."""

import torch
from torch import Tensor, nn

from prunarium.ops.tokens import DROPPED, Move, Tokens


def mix(tokens: Tokens, weight: Tensor, x: Tensor | None = None) -> Tokens:
    """Replace the tokens after the prefix by weighted sums of them. Each counts as one token.

    The account says that an old token lives on in the new one that it weighs most in.

    Args:
        tokens: the tokens; the prefix stays as it is.
        weight: of every old token in every new one ``[batch, new tokens, old tokens]``.
        x: what is summed ``[batch, old tokens, dim]``; the tokens themselves without it.
    """
    prefix = tokens.prefix
    mixed = weight @ (tokens.x[:, prefix:] if x is None else x)
    lead = torch.arange(prefix, device=weight.device).expand(len(weight), -1)

    def group() -> Tensor:
        return torch.cat([lead, weight.argmax(dim=1) + prefix], dim=1)

    position = nn.functional.pad(lead, (0, weight.shape[1]), value=DROPPED)
    return tokens.moved(torch.cat([tokens.x[:, :prefix], mixed], dim=1), None, Move(position, group))
