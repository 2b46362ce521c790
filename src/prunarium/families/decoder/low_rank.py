"""Adapters of low rank beside the projections of a model, whose own weights stay as they are."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class LowRank(nn.Module):
    """What is added to a projection: the product of two small matrices; nothing before it is trained.

    Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, ICLR 2022 (arXiv 2106.09685), section 4.1.
    """

    def __init__(self, width: int, out: int, rank: int) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.randn(rank, width) * width**-0.5)
        self.up = nn.Parameter(torch.zeros(out, rank))

    def forward(self, x: Tensor) -> Tensor:
        """``[..., width]`` to ``[..., out]``."""
        return x @ self.down.T @ self.up.T


@contextmanager
def beside(modules: Sequence[nn.Module], adapters: Iterable[nn.Module]) -> Iterator[None]:
    """Add what adapters give to what projections give, until it is left.

    Args:
        modules: that hold the projections.
        adapters: of each of them, as children named as the projections are.
    """
    with ExitStack() as hooks:
        for module, own in zip(modules, adapters, strict=True):
            for name, adapter in own.named_children():
                hooks.callback(getattr(module, name).register_forward_hook(_adding(adapter)).remove)
        yield


def _adding(adapter: nn.Module) -> Callable[[nn.Module, Any, Tensor], Tensor]:
    return lambda module, args, output: output + adapter(args[0])
