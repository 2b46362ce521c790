"""A language model's head that computes the logits of some tokens alone."""

import functools

import torch
from torch import Tensor, nn

from prunarium.errors import PrunariumError
from prunarium.families.handle import Handle


def trim(head: nn.Linear, allowed: Tensor, handle: Handle) -> None:
    """Have a head compute logits of some tokens until the handle is removed; the others are -inf.

    Its rows are copied once, at the first call, unless they are trained.

    Args:
        head: of the model.
        allowed: the tokens ``[tokens]``.
        handle: that takes it out again.

    Raises:
        PrunariumError: the head knows no such token; the method is taken out.
    """
    beyond = allowed[allowed >= head.out_features].tolist()
    if beyond:
        handle.remove()
        raise PrunariumError(
            f"token {beyond[0]} is none of the model's {head.out_features}: the tokenizer is of another model"
        )
    allowed = allowed.to(head.weight.device)

    def rows() -> tuple[Tensor, Tensor | None]:
        return head.weight[allowed], None if head.bias is None else head.bias[allowed]

    copied = functools.cache(rows)

    def forward(hidden: Tensor) -> Tensor:
        weight, bias = rows() if torch.is_grad_enabled() else copied()
        said = nn.functional.linear(hidden, weight, bias)
        logits = said.new_full((*hidden.shape[:-1], head.out_features), -torch.inf)
        return logits.index_copy(-1, allowed, said)

    handle.patch(head, "forward", forward)
